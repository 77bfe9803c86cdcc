using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

/// <summary>Verify a webhook of the gateway (Standard Webhooks 1.0). .NET 8 or .NET Framework 4.8.</summary>
public static class Webhook
{
    const long ToleranceSeconds = 300;

    /// <summary>
    /// Whether a request is from the gateway; where not, answer 401 and do nothing else with it. Where it
    /// is, parse the body, see that its "id" is webhook-id, and handle each id once: it may come again.
    /// </summary>
    /// <param name="secrets">the whsec_… of your webhook; two of them while you rotate</param>
    /// <param name="rawBody">the bytes as they came, not parsed and written again</param>
    /// <param name="now">seconds since 1970</param>
    public static bool IsTrusted(
        IEnumerable<string> secrets, string id, string timestamp, string signatures, byte[] rawBody, long now)
    {
        long sent;
        if (id == null || signatures == null || !long.TryParse(timestamp, out sent)) return false;
        if (Math.Abs(now - sent) > ToleranceSeconds) return false;
        var message = Encoding.UTF8.GetBytes(id + "." + timestamp + ".").Concat(rawBody).ToArray();
        foreach (var secret in secrets)
        {
            var key = Convert.FromBase64String(secret.StartsWith("whsec_") ? secret.Substring(6) : secret);
            using (var hmac = new HMACSHA256(key))
            {
                var own = "v1," + Convert.ToBase64String(hmac.ComputeHash(message));
                if (signatures.Split(' ').Any(one => IsEqual(own, one))) return true;
            }
        }
        return false;
    }

    // The same time whatever differs; in .NET 8 CryptographicOperations.FixedTimeEquals does it.
    static bool IsEqual(string own, string given)
    {
        if (own.Length != given.Length) return false;
        var difference = 0;
        for (var i = 0; i < own.Length; i++) difference |= own[i] ^ given[i];
        return difference == 0;
    }
}
