import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Base64;

/** Sign in: a client assertion (RFC 7523) for POST /oauth/token. Java 17 or newer, nothing to add. */
final class Assertion {
  private Assertion() {}

  /**
   * Good for 60 seconds, and for one request.
   *
   * @param kid and {@code d}: of the private key of {@code huisbrug party keys}
   * @param now seconds since 1970
   * @param jti never used before, such as {@code UUID.randomUUID().toString()}
   */
  static String sign(String partyId, String tokenUrl, String kid, String d, long now, String jti)
      throws GeneralSecurityException {
    String header = "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"" + kid + "\"}";
    // Ids and addresses hold nothing that JSON would have to escape.
    String claims =
        String.format(
            "{\"jti\":\"%s\",\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"iat\":%d,\"exp\":%d}",
            jti, partyId, partyId, tokenUrl, now, now + 60);
    String text = base64url(header.getBytes(StandardCharsets.UTF_8))
        + "." + base64url(claims.getBytes(StandardCharsets.UTF_8));
    byte[] seed = Base64.getUrlDecoder().decode(d);
    PrivateKey key = KeyFactory.getInstance("Ed25519")
        .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(key);
    signature.update(text.getBytes(StandardCharsets.UTF_8));
    return text + "." + base64url(signature.sign());
  }

  static String base64url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
