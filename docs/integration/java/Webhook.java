import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Verify a webhook of the gateway (Standard Webhooks 1.0). Java 17 or newer, nothing to add. */
final class Webhook {
  private static final long TOLERANCE_SECONDS = 300;

  private Webhook() {}

  /**
   * Whether a request is from the gateway; where not, answer 401 and do nothing else with it. Where it
   * is, parse the body, see that its "id" is webhook-id, and handle each id once: it may come again.
   *
   * @param secrets the {@code whsec_…} of your webhook; two of them while you rotate
   * @param rawBody the bytes as they came, not parsed and written again
   * @param now seconds since 1970
   */
  static boolean isTrusted(
      List<String> secrets, String id, String timestamp, String signatures, byte[] rawBody, long now)
      throws GeneralSecurityException {
    if (id == null || signatures == null || timestamp == null || !timestamp.matches("[0-9]{1,12}")) {
      return false;
    }
    if (Math.abs(now - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) return false;
    for (String secret : secrets) {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = Base64.getDecoder().decode(secret.replaceFirst("^whsec_", ""));
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
      String own = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(rawBody));
      for (String one : signatures.split(" ")) {
        if (MessageDigest.isEqual(own.getBytes(), one.getBytes())) return true;
      }
    }
    return false;
  }
}
