import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Scanner;
import java.util.UUID;

/** One check per line on standard input, tab-separated; one answer per line. See languages.test.ts. */
final class Check {
  public static void main(String[] args) {
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      String[] a = lines.nextLine().split("\t", -1);
      try {
        System.out.println(answer(a));
      } catch (GeneralSecurityException | IllegalArgumentException error) {
        System.out.println("refused");
      }
    }
  }

  private static String answer(String[] a) throws GeneralSecurityException {
    switch (a[0]) {
      case "webhook":
        List<String> secrets = Arrays.asList(a[1].split(","));
        long now = Long.parseLong(a[5]);
        return Webhook.isTrusted(secrets, a[2], a[3], a[4], bytes(a[6]), now) ? a[2] : "refused";
      case "assertion":
        long at = a[6].isEmpty() ? System.currentTimeMillis() / 1000 : Long.parseLong(a[6]);
        String jti = a[7].isEmpty() ? UUID.randomUUID().toString() : a[7];
        return Assertion.sign(a[1], a[2], a[3], a[4], at, jti);
      case "blind":
        return Assertion.base64url(Pseudonym.blind(a[1], scalar(a[2])));
      case "check":
        return Pseudonym.isProved(bytes(a[1]), many(a[2]), many(a[3]), bytes(a[4])) ? "good" : "refused";
      default:
        byte[] output = Pseudonym.finish(a[1], scalar(a[2]), bytes(a[3]));
        byte[] both = Pseudonym.tagAndSecret(output, a[4]);
        return Assertion.base64url(Arrays.copyOf(both, 16)) + ","
            + Assertion.base64url(Arrays.copyOfRange(both, 16, 48));
    }
  }

  private static BigInteger scalar(String text) {
    return Ristretto255.fromBytes(bytes(text));
  }

  private static byte[] bytes(String text) {
    return Base64.getUrlDecoder().decode(text);
  }

  private static List<byte[]> many(String text) {
    return Arrays.stream(text.split(",")).map(Check::bytes).toList();
  }
}
