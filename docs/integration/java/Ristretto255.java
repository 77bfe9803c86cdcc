import java.math.BigInteger;
import java.util.Arrays;

/**
 * The group ristretto255 (RFC 9496) in plain integers. Slow (some milliseconds each) and not constant in
 * time: use it on your own machine, and a library such as libsodium where you have one.
 */
final class Ristretto255 {
  static final BigInteger ONE = BigInteger.ONE;
  static final BigInteger TWO = BigInteger.TWO;
  static final BigInteger P = TWO.pow(255).subtract(BigInteger.valueOf(19));
  static final BigInteger ORDER =
      TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
  private static final BigInteger D = constant(
      "37095705934669439343138083508754565189542113879843219016388785533085940283555");
  private static final BigInteger SQRT_M1 = constant(
      "19681161376707505956807079304988542015446066515923890162744021073123829784752");
  private static final BigInteger SQRT_AD_MINUS_ONE = constant(
      "25063068953384623474111414158702152701244531502492656460079210482610430750235");
  private static final BigInteger INVSQRT_A_MINUS_D = constant(
      "54469307008909316920995813868745141605393597292927456921205312896311721017578");
  private static final BigInteger ONE_MINUS_D_SQ = constant(
      "1159843021668779879193775521855586647937357759715417654439879720876111806838");
  private static final BigInteger D_MINUS_ONE_SQ = constant(
      "40440834346308536858101042469323190826248399146238708352240133220865137265952");
  private static final BigInteger ROOT = P.subtract(BigInteger.valueOf(5)).shiftRight(3);

  /** A point: X, Y, Z and T of extended coordinates. */
  record Point(BigInteger x, BigInteger y, BigInteger z, BigInteger t) {}

  private record Root(boolean isSquare, BigInteger value) {}

  static final Point IDENTITY = new Point(BigInteger.ZERO, ONE, ONE, BigInteger.ZERO);
  static final Point BASE = decode(toBytes(new BigInteger(
      "762d8de04559a6b68ddd82a56a0be3585f5100c561a984a8714ebc6a0aaef2e2", 16)));

  private Ristretto255() {}

  static Point decode(byte[] bytes) {
    BigInteger s = fromBytes(bytes);
    if (bytes.length != 32 || s.compareTo(P) >= 0 || s.testBit(0)) {
      throw new IllegalArgumentException("no element of the group");
    }
    BigInteger ss = mul(s, s);
    BigInteger u1 = mod(ONE.subtract(ss));
    BigInteger u2 = mod(ONE.add(ss));
    BigInteger v = mod(mul(D, u1, u1).negate().subtract(mul(u2, u2)));
    Root root = sqrtRatio(ONE, mul(v, u2, u2));
    BigInteger x = magnitude(mul(TWO, s, root.value, u2));
    BigInteger y = mul(u1, root.value, root.value, u2, v);
    BigInteger t = mul(x, y);
    if (!root.isSquare || t.testBit(0) || y.signum() == 0) {
      throw new IllegalArgumentException("no element of the group");
    }
    return new Point(x, y, ONE, t);
  }

  static byte[] encode(Point point) {
    BigInteger x = point.x;
    BigInteger y = point.y;
    BigInteger z = point.z;
    BigInteger u1 = mul(z.add(y), z.subtract(y));
    BigInteger u2 = mul(x, y);
    BigInteger root = sqrtRatio(ONE, mul(u1, u2, u2)).value;
    BigInteger den1 = mul(root, u1);
    BigInteger den = mul(root, u2);
    BigInteger inverse = mul(den1, den, point.t);
    if (mul(point.t, inverse).testBit(0)) {
      x = mul(point.y, SQRT_M1);
      y = mul(point.x, SQRT_M1);
      den = mul(den1, INVSQRT_A_MINUS_D);
    }
    if (mul(x, inverse).testBit(0)) y = y.negate();
    return toBytes(magnitude(mul(den, z.subtract(y))));
  }

  static Point add(Point p, Point q) {
    BigInteger a = mul(p.y.subtract(p.x), q.y.subtract(q.x));
    BigInteger b = mul(p.y.add(p.x), q.y.add(q.x));
    BigInteger c = mul(TWO, D, p.t, q.t);
    BigInteger d = mul(TWO, p.z, q.z);
    BigInteger e = b.subtract(a);
    BigInteger f = d.subtract(c);
    BigInteger g = d.add(c);
    BigInteger h = b.add(a);
    return new Point(mul(e, f), mul(g, h), mul(f, g), mul(e, h));
  }

  static Point multiply(BigInteger scalar, Point point) {
    Point result = IDENTITY;
    for (int bit = scalar.bitLength() - 1; bit >= 0; bit--) {
      result = add(result, result);
      if (scalar.testBit(bit)) result = add(result, point);
    }
    return result;
  }

  /** An element from 64 random-looking bytes. */
  static Point fromUniform(byte[] bytes) {
    return add(map(Arrays.copyOf(bytes, 32)), map(Arrays.copyOfRange(bytes, 32, 64)));
  }

  static BigInteger fromBytes(byte[] littleEndian) {
    return new BigInteger(1, reversed(littleEndian));
  }

  static byte[] toBytes(BigInteger value) {
    byte[] bytes = reversed(value.toByteArray());
    return Arrays.copyOf(bytes, 32);
  }

  private static Point map(byte[] bytes) {
    BigInteger t = mod(fromBytes(bytes).clearBit(255));
    BigInteger r = mul(SQRT_M1, t, t);
    BigInteger u = mul(r.add(ONE), ONE_MINUS_D_SQ);
    BigInteger v = mul(ONE.negate().subtract(mul(r, D)), r.add(D));
    Root root = sqrtRatio(u, v);
    BigInteger s = root.isSquare ? root.value : magnitude(mul(root.value, t)).negate();
    BigInteger c = root.isSquare ? ONE.negate() : r;
    BigInteger n = mod(mul(c, r.subtract(ONE), D_MINUS_ONE_SQ).subtract(v));
    BigInteger w0 = mul(TWO, s, v);
    BigInteger w1 = mul(n, SQRT_AD_MINUS_ONE);
    BigInteger w2 = ONE.subtract(mul(s, s));
    BigInteger w3 = ONE.add(mul(s, s));
    return new Point(mul(w0, w3), mul(w2, w1), mul(w1, w3), mul(w0, w2));
  }

  private static Root sqrtRatio(BigInteger u, BigInteger v) {
    BigInteger v3 = mul(v, v, v);
    BigInteger r = mul(u, v3, mul(u, v3, v3, v).modPow(ROOT, P));
    BigInteger check = mul(v, r, r);
    boolean isFlipped = check.equals(mod(u.negate()));
    if (isFlipped || check.equals(mul(u.negate(), SQRT_M1))) r = mul(r, SQRT_M1);
    return new Root(isFlipped || check.equals(mod(u)), magnitude(r));
  }

  private static BigInteger magnitude(BigInteger x) {
    return x.testBit(0) ? P.subtract(x) : x;
  }

  private static BigInteger mul(BigInteger... factors) {
    return Arrays.stream(factors).reduce(ONE, (a, b) -> mod(a.multiply(b)));
  }

  private static BigInteger mod(BigInteger x) {
    return x.mod(P);
  }

  private static BigInteger constant(String digits) {
    return new BigInteger(digits);
  }

  private static byte[] reversed(byte[] bytes) {
    byte[] other = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) other[i] = bytes[bytes.length - 1 - i];
    return other;
  }
}
