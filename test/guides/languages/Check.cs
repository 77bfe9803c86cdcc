using System;
using System.Linq;
using System.Numerics;

/// <summary>One check per line on standard input, tab-separated; one answer per line. See languages.test.ts.</summary>
public static class Check
{
    public static void Main()
    {
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            try
            {
                Console.WriteLine(Answer(line.Split('\t')));
            }
            catch (ArgumentException)
            {
                Console.WriteLine("refused");
            }
        }
    }

    static string Answer(string[] a)
    {
        switch (a[0])
        {
            case "webhook":
                var now = long.Parse(a[5]);
                return Webhook.IsTrusted(a[1].Split(','), a[2], a[3], a[4], Bytes(a[6]), now) ? a[2] : "refused";
            case "blind":
                return Text(Pseudonym.Blind(a[1], Scalar(a[2])));
            case "check":
                var blinded = a[2].Split(',').Select(Bytes).ToArray();
                var evaluated = a[3].Split(',').Select(Bytes).ToArray();
                return Pseudonym.IsProved(Bytes(a[1]), blinded, evaluated, Bytes(a[4])) ? "good" : "refused";
            default:
                var both = Pseudonym.TagAndSecret(Pseudonym.Finish(a[1], Scalar(a[2]), Bytes(a[3])), a[4]);
                return Text(both.Take(16).ToArray()) + "," + Text(both.Skip(16).ToArray());
        }
    }

    static BigInteger Scalar(string text)
    {
        return Ristretto255.Number(Bytes(text));
    }

    static byte[] Bytes(string text)
    {
        return Assertion.FromBase64Url(text);
    }

    static string Text(byte[] bytes)
    {
        return Assertion.Base64Url(bytes);
    }
}
