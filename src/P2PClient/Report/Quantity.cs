using System.Diagnostics;

namespace P2P.Client;

/// <summary>Amounts as a person reads them: decimal units everywhere (1 kB = 1000 bytes), three digits, never rounded
/// up.</summary>
internal static class Quantity
{
    private const string Units = "kMGTPE";

    /// <summary>Bytes: <c>999 bytes</c>, <c>4.19 MB</c>, <c>67.1 MB</c>, <c>1.07 GB</c>.</summary>
    public static string Bytes(long bytes)
    {
        Debug.Assert(bytes >= 0, "an amount is not negative");
        if (bytes < 1000) return bytes == 1 ? "1 byte" : $"{bytes} bytes";
        long unit = 1000;
        int power = 0;
        for (; bytes / unit >= 1000; power++) unit *= 1000;
        long whole = bytes / unit, thousandths = bytes % unit / (unit / 1000);
        string fraction = whole >= 100 ? ""
            : whole >= 10 ? $".{thousandths / 100}"
            : $".{thousandths / 100}{thousandths / 10 % 10}";
        return $"{whole}{fraction} {Units[power]}B";
    }
}
