import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Pseudonyms without showing the number to the gateway (RFC 9497, VOPRF, ristretto255-SHA512). */
final class Pseudonym {
  private static final String CONTEXT = "OPRFV1-\u0001-ristretto255-SHA512";

  private Pseudonym() {}

  /** A fresh scalar for one number: keep it to yourself until the reply is there. */
  static BigInteger randomScalar() {
    byte[] bytes = new byte[64];
    new SecureRandom().nextBytes(bytes);
    return Ristretto255.fromBytes(bytes).mod(Ristretto255.ORDER.subtract(BigInteger.ONE))
        .add(BigInteger.ONE);
  }

  /** The 32 bytes to send to the gateway. */
  static byte[] blind(String nationalNumber, BigInteger scalar) throws GeneralSecurityException {
    byte[] uniform = expand(inputOf(nationalNumber), "HashToGroup-" + CONTEXT);
    return Ristretto255.encode(
        Ristretto255.multiply(scalar, Ristretto255.fromUniform(uniform)));
  }

  /**
   * Whether the proof of a call is right, over all that it sent and got, in that order. Where not: stop,
   * and use nothing.
   *
   * @param publicKey the key that the audit log publishes, not the one in the reply
   */
  static boolean isProved(
      byte[] publicKey, List<byte[]> blinded, List<byte[]> evaluated, byte[] proof)
      throws GeneralSecurityException {
    if (blinded.size() != evaluated.size() || proof.length != 64) return false;
    byte[] seed = sha512(framed(publicKey), framed(ascii("Seed-" + CONTEXT)));
    Ristretto255.Point m = Ristretto255.IDENTITY;
    Ristretto255.Point z = Ristretto255.IDENTITY;
    for (int i = 0; i < blinded.size(); i++) {
      byte[] index = {(byte) (i >> 8), (byte) i};
      BigInteger weight = hashToScalar(framed(seed), index, framed(blinded.get(i)),
          framed(evaluated.get(i)), ascii("Composite"));
      m = sum(m, weight, Ristretto255.decode(blinded.get(i)));
      z = sum(z, weight, Ristretto255.decode(evaluated.get(i)));
    }
    BigInteger c = Ristretto255.fromBytes(Arrays.copyOf(proof, 32));
    BigInteger s = Ristretto255.fromBytes(Arrays.copyOfRange(proof, 32, 64));
    if (c.max(s).compareTo(Ristretto255.ORDER) >= 0) return false;
    Ristretto255.Point key = Ristretto255.decode(publicKey);
    Ristretto255.Point t2 = sum(Ristretto255.multiply(s, Ristretto255.BASE), c, key);
    Ristretto255.Point t3 = sum(Ristretto255.multiply(s, m), c, z);
    byte[][] points = {publicKey, Ristretto255.encode(m), Ristretto255.encode(z),
        Ristretto255.encode(t2), Ristretto255.encode(t3)};
    byte[] transcript = join(Arrays.stream(points).map(Pseudonym::framed).toArray(byte[][]::new));
    return c.equals(hashToScalar(transcript, ascii("Challenge")));
  }

  /** The 64 bytes from which the pseudonyms of a person come. */
  static byte[] finish(String nationalNumber, BigInteger scalar, byte[] evaluated)
      throws GeneralSecurityException {
    BigInteger inverse = scalar.modInverse(Ristretto255.ORDER);
    byte[] unblinded = Ristretto255.encode(
        Ristretto255.multiply(inverse, Ristretto255.decode(evaluated)));
    return sha512(framed(inputOf(nationalNumber)), framed(unblinded), ascii("Finalize"));
  }

  /** The pseudonym (16 bytes) in a domain such as wm-vdab/1/1, then the secret of its rows (32). */
  static byte[] tagAndSecret(byte[] output, String domain) throws GeneralSecurityException {
    byte[] secret = hmac(new byte[32], output);
    byte[] info = ascii("huisbrug tag v1 " + domain);
    byte[] first = hmac(secret, join(info, new byte[] {1}));
    byte[] second = hmac(secret, join(first, info, new byte[] {2}));
    return Arrays.copyOf(join(first, second), 48);
  }

  private static Ristretto255.Point sum(
      Ristretto255.Point left, BigInteger scalar, Ristretto255.Point right) {
    return Ristretto255.add(left, Ristretto255.multiply(scalar, right));
  }

  private static BigInteger hashToScalar(byte[]... parts) throws GeneralSecurityException {
    return Ristretto255.fromBytes(expand(join(parts), "HashToScalar-" + CONTEXT))
        .mod(Ristretto255.ORDER);
  }

  /** expand_message_xmd of RFC 9380 with SHA-512, 64 bytes. */
  private static byte[] expand(byte[] message, String tag) throws GeneralSecurityException {
    byte[] tail = join(ascii(tag), new byte[] {(byte) tag.length()});
    byte[] first = sha512(new byte[128], message, new byte[] {0, 64, 0}, tail);
    return sha512(first, new byte[] {1}, tail);
  }

  private static byte[] inputOf(String nationalNumber) {
    return ascii("be.insz:" + nationalNumber);
  }

  private static byte[] framed(byte[] bytes) {
    return join(new byte[] {(byte) (bytes.length >> 8), (byte) bytes.length}, bytes);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] sha512(byte[]... parts) throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-512").digest(join(parts));
  }

  private static byte[] hmac(byte[] key, byte[] message) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(message);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) all.writeBytes(part);
    return all.toByteArray();
  }
}
