using System;
using System.Linq;
using System.Numerics;

/// <summary>
/// The group ristretto255 (RFC 9496) in plain integers. Slow (some milliseconds each) and not constant in
/// time: use it on your own machine, and a library such as libsodium where you have one.
/// </summary>
public static class Ristretto255
{
    public static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    public static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    static readonly BigInteger D = BigInteger.Parse(
        "37095705934669439343138083508754565189542113879843219016388785533085940283555");
    static readonly BigInteger SqrtM1 = BigInteger.Parse(
        "19681161376707505956807079304988542015446066515923890162744021073123829784752");
    static readonly BigInteger SqrtAdMinusOne = BigInteger.Parse(
        "25063068953384623474111414158702152701244531502492656460079210482610430750235");
    static readonly BigInteger InvSqrtAMinusD = BigInteger.Parse(
        "54469307008909316920995813868745141605393597292927456921205312896311721017578");
    static readonly BigInteger OneMinusDSq = BigInteger.Parse(
        "1159843021668779879193775521855586647937357759715417654439879720876111806838");
    static readonly BigInteger DMinusOneSq = BigInteger.Parse(
        "40440834346308536858101042469323190826248399146238708352240133220865137265952");

    /// <summary>A point: X, Y, Z and T of extended coordinates.</summary>
    public sealed class Point
    {
        public readonly BigInteger X, Y, Z, T;

        public Point(BigInteger x, BigInteger y, BigInteger z, BigInteger t)
        {
            X = x;
            Y = y;
            Z = z;
            T = t;
        }
    }

    public static readonly Point Identity = new Point(0, 1, 1, 0);
    public static readonly Point Base = Decode(Bytes(BigInteger.Parse(
        "0762d8de04559a6b68ddd82a56a0be3585f5100c561a984a8714ebc6a0aaef2e2",
        System.Globalization.NumberStyles.HexNumber)));

    public static Point Decode(byte[] bytes)
    {
        var s = Number(bytes);
        if (bytes.Length != 32 || s >= P || !s.IsEven) throw new ArgumentException("no element of the group");
        var u1 = Mod(1 - s * s);
        var u2 = Mod(1 + s * s);
        var v = Mod(-D * u1 * u1 - u2 * u2);
        BigInteger root;
        var isSquare = SqrtRatio(1, Mod(v * u2 * u2), out root);
        var x = Magnitude(Mod(2 * s * root * u2));
        var y = Mod(Mod(u1 * root * root) * u2 * v);
        var t = Mod(x * y);
        if (!isSquare || !t.IsEven || y.IsZero) throw new ArgumentException("no element of the group");
        return new Point(x, y, 1, t);
    }

    public static byte[] Encode(Point point)
    {
        BigInteger x = point.X, y = point.Y, z = point.Z, root;
        var u1 = Mod((z + y) * (z - y));
        var u2 = Mod(x * y);
        SqrtRatio(1, Mod(u1 * u2 * u2), out root);
        var den1 = Mod(root * u1);
        var den = Mod(root * u2);
        var inverse = Mod(den1 * den * point.T);
        if (!Mod(point.T * inverse).IsEven)
        {
            x = Mod(point.Y * SqrtM1);
            y = Mod(point.X * SqrtM1);
            den = Mod(den1 * InvSqrtAMinusD);
        }
        if (!Mod(x * inverse).IsEven) y = -y;
        return Bytes(Magnitude(Mod(den * (z - y))));
    }

    public static Point Add(Point p, Point q)
    {
        var a = Mod((p.Y - p.X) * (q.Y - q.X));
        var b = Mod((p.Y + p.X) * (q.Y + q.X));
        var c = Mod(2 * D * Mod(p.T * q.T));
        var d = Mod(2 * p.Z * q.Z);
        BigInteger e = b - a, f = d - c, g = d + c, h = b + a;
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    public static Point Multiply(BigInteger scalar, Point point)
    {
        var result = Identity;
        for (var bit = 255; bit >= 0; bit--)
        {
            result = Add(result, result);
            if (!(scalar >> bit).IsEven) result = Add(result, point);
        }
        return result;
    }

    /// <summary>An element from 64 random-looking bytes.</summary>
    public static Point FromUniform(byte[] bytes)
    {
        return Add(Map(bytes.Take(32).ToArray()), Map(bytes.Skip(32).ToArray()));
    }

    /// <summary>Little-endian, as everywhere on this page.</summary>
    public static BigInteger Number(byte[] bytes)
    {
        return new BigInteger(bytes.Concat(new byte[] { 0 }).ToArray());
    }

    public static byte[] Bytes(BigInteger value)
    {
        var bytes = value.ToByteArray();
        return bytes.Concat(new byte[32]).Take(32).ToArray();
    }

    static Point Map(byte[] bytes)
    {
        var t = Mod(BigInteger.Remainder(Number(bytes), BigInteger.Pow(2, 255)));
        var r = Mod(SqrtM1 * t * t);
        var u = Mod((r + 1) * OneMinusDSq);
        var v = Mod((-1 - r * D) * (r + D));
        BigInteger s;
        var isSquare = SqrtRatio(u, v, out s);
        if (!isSquare) s = -Magnitude(Mod(s * t));
        var c = isSquare ? -1 : r;
        var n = Mod(Mod(c * (r - 1)) * DMinusOneSq - v);
        var w0 = Mod(2 * s * v);
        var w1 = Mod(n * SqrtAdMinusOne);
        var w2 = Mod(1 - s * s);
        var w3 = Mod(1 + s * s);
        return new Point(Mod(w0 * w3), Mod(w2 * w1), Mod(w1 * w3), Mod(w0 * w2));
    }

    static bool SqrtRatio(BigInteger u, BigInteger v, out BigInteger root)
    {
        var v3 = Mod(Mod(v * v) * v);
        var r = Mod(Mod(u * v3) * BigInteger.ModPow(Mod(Mod(u * v3) * Mod(v3 * v)), (P - 5) / 8, P));
        var check = Mod(v * Mod(r * r));
        var isFlipped = check == Mod(-u);
        if (isFlipped || check == Mod(-u * SqrtM1)) r = Mod(r * SqrtM1);
        root = Magnitude(r);
        return isFlipped || check == Mod(u);
    }

    static BigInteger Magnitude(BigInteger x)
    {
        return x.IsEven ? x : P - x;
    }

    static BigInteger Mod(BigInteger x)
    {
        var rest = BigInteger.Remainder(x, P);
        return rest.Sign < 0 ? rest + P : rest;
    }
}
