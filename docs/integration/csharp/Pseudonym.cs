using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

/// <summary>Pseudonyms without showing the number to the gateway (RFC 9497, VOPRF, ristretto255-SHA512).</summary>
public static class Pseudonym
{
    const string Context = "OPRFV1-\u0001-ristretto255-SHA512";

    /// <summary>A fresh scalar for one number: keep it to yourself until the reply is there.</summary>
    public static BigInteger RandomScalar()
    {
        var bytes = new byte[64];
        using (var random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
        return BigInteger.Remainder(Ristretto255.Number(bytes), Ristretto255.Order - 1) + 1;
    }

    /// <summary>The 32 bytes to send to the gateway.</summary>
    public static byte[] Blind(string nationalNumber, BigInteger scalar)
    {
        var element = Ristretto255.FromUniform(Expand(InputOf(nationalNumber), "HashToGroup-" + Context));
        return Ristretto255.Encode(Ristretto255.Multiply(scalar, element));
    }

    /// <summary>
    /// Whether the proof of a call is right, over all that it sent and got, in that order. Where not: stop,
    /// and use nothing.
    /// </summary>
    /// <param name="publicKey">the key that the audit log publishes, not the one in the reply</param>
    public static bool IsProved(byte[] publicKey, IList<byte[]> blinded, IList<byte[]> evaluated, byte[] proof)
    {
        if (blinded.Count != evaluated.Count || proof.Length != 64) return false;
        var seed = Sha512(Framed(publicKey), Framed(Ascii("Seed-" + Context)));
        Ristretto255.Point m = Ristretto255.Identity, z = Ristretto255.Identity;
        for (var i = 0; i < blinded.Count; i++)
        {
            var index = new[] { (byte)(i >> 8), (byte)i };
            var weight = HashToScalar(
                Framed(seed), index, Framed(blinded[i]), Framed(evaluated[i]), Ascii("Composite"));
            m = Sum(m, weight, Ristretto255.Decode(blinded[i]));
            z = Sum(z, weight, Ristretto255.Decode(evaluated[i]));
        }
        var c = Ristretto255.Number(proof.Take(32).ToArray());
        var s = Ristretto255.Number(proof.Skip(32).ToArray());
        if (c >= Ristretto255.Order || s >= Ristretto255.Order) return false;
        var t2 = Sum(Ristretto255.Multiply(s, Ristretto255.Base), c, Ristretto255.Decode(publicKey));
        var t3 = Sum(Ristretto255.Multiply(s, m), c, z);
        var points = new[] { m, z, t2, t3 }.Select(Ristretto255.Encode);
        var transcript = new[] { publicKey }.Concat(points).SelectMany(Framed).ToArray();
        return c == HashToScalar(transcript, Ascii("Challenge"));
    }

    /// <summary>The 64 bytes from which the pseudonyms of a person come.</summary>
    public static byte[] Finish(string nationalNumber, BigInteger scalar, byte[] evaluated)
    {
        var inverse = BigInteger.ModPow(scalar, Ristretto255.Order - 2, Ristretto255.Order);
        var unblinded = Ristretto255.Encode(Ristretto255.Multiply(inverse, Ristretto255.Decode(evaluated)));
        return Sha512(Framed(InputOf(nationalNumber)), Framed(unblinded), Ascii("Finalize"));
    }

    /// <summary>The pseudonym (16 bytes) in a domain such as wm-vdab/1/1, then the secret of its rows (32).</summary>
    public static byte[] TagAndSecret(byte[] output, string domain)
    {
        var secret = Hmac(new byte[32], output);
        var info = Ascii("huisbrug tag v1 " + domain);
        var first = Hmac(secret, info, new byte[] { 1 });
        var second = Hmac(secret, first, info, new byte[] { 2 });
        return first.Concat(second).Take(48).ToArray();
    }

    static Ristretto255.Point Sum(Ristretto255.Point left, BigInteger scalar, Ristretto255.Point right)
    {
        return Ristretto255.Add(left, Ristretto255.Multiply(scalar, right));
    }

    static BigInteger HashToScalar(params byte[][] parts)
    {
        var number = Ristretto255.Number(Expand(Join(parts), "HashToScalar-" + Context));
        return BigInteger.Remainder(number, Ristretto255.Order);
    }

    // expand_message_xmd of RFC 9380 with SHA-512, 64 bytes.
    static byte[] Expand(byte[] message, string tag)
    {
        var tail = Join(Ascii(tag), new[] { (byte)tag.Length });
        var first = Sha512(new byte[128], message, new byte[] { 0, 64, 0 }, tail);
        return Sha512(first, new byte[] { 1 }, tail);
    }

    static byte[] InputOf(string nationalNumber)
    {
        return Ascii("be.insz:" + nationalNumber);
    }

    static byte[] Framed(byte[] bytes)
    {
        return Join(new[] { (byte)(bytes.Length >> 8), (byte)bytes.Length }, bytes);
    }

    static byte[] Ascii(string text)
    {
        return Encoding.ASCII.GetBytes(text);
    }

    static byte[] Sha512(params byte[][] parts)
    {
        using (var hash = SHA512.Create()) return hash.ComputeHash(Join(parts));
    }

    static byte[] Hmac(byte[] key, params byte[][] parts)
    {
        using (var hmac = new HMACSHA256(key)) return hmac.ComputeHash(Join(parts));
    }

    static byte[] Join(params byte[][] parts)
    {
        return parts.SelectMany(part => part).ToArray();
    }
}
