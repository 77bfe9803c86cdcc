using System;
using System.Security.Cryptography;
using System.Text;

/// <summary>Sign in: a client assertion (RFC 7523) for POST /oauth/token. .NET 8 or .NET Framework 4.8.</summary>
public static class Assertion
{
    /// <summary>Good for 60 seconds, and for one request.</summary>
    /// <param name="key">
    /// ES256, for .NET has no Ed25519 of its own: ECDsa.Create(ECCurve.NamedCurves.nistP256). Register its
    /// public part (kty EC, crv P-256, x, y, alg ES256, use sig, and a kid that you choose).
    /// </param>
    /// <param name="now">seconds since 1970</param>
    /// <param name="jti">never used before, such as Guid.NewGuid().ToString()</param>
    public static string Sign(string partyId, string tokenUrl, string kid, ECDsa key, long now, string jti)
    {
        var header = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"" + kid + "\"}";
        // Ids and addresses hold nothing that JSON would have to escape.
        var claims = "{\"jti\":\"" + jti + "\",\"iss\":\"" + partyId + "\",\"sub\":\"" + partyId
            + "\",\"aud\":\"" + tokenUrl + "\",\"iat\":" + now + ",\"exp\":" + (now + 60) + "}";
        var text = Base64Url(Encoding.UTF8.GetBytes(header)) + "." + Base64Url(Encoding.UTF8.GetBytes(claims));
        var signature = key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256);
        return text + "." + Base64Url(signature);
    }

    public static string Base64Url(byte[] bytes)
    {
        return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    public static byte[] FromBase64Url(string text)
    {
        var padded = text + new string('=', (4 - text.Length % 4) % 4);
        return Convert.FromBase64String(padded.Replace('-', '+').Replace('_', '/'));
    }
}
