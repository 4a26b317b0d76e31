using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;

namespace P2P.Client;

/// <summary>What a message is to a question; the later, the better it is to know.</summary>
internal enum DnsAnswer
{
    /// <summary>It answers another question, or is no answer at all.</summary>
    None,

    /// <summary>The server can't tell, or what it says is cut off before the first address.</summary>
    Failed,

    /// <summary>The name does not exist, or has no address of this family.</summary>
    NotFound,

    /// <summary>It has addresses.</summary>
    Found,
}

/// <summary>
/// Writes questions to a name server and reads the answers (RFC 1035 and 3596). Pure: no socket, no clock. An answer is
/// a stranger's: whatever it holds, the reader stays within it and comes to an end.
/// </summary>
internal static class DnsMessage
{
    /// <summary>The types of the records that hold an IPv4 and an IPv6 address.</summary>
    public const ushort TypeA = 1, TypeAaaa = 28;

    /// <summary>Most bytes of an answer that are looked at.</summary>
    public const int BytesMax = 4096;

    // A name takes 255 bytes at most: each label, with its length before it, and an empty one at the end.
    private const int HeadBytes = 12, NameBytesMax = 255, LabelBytesMax = 63, AliasesMax = 16;
    private const ushort TypeAlias = 5, ClassInternet = 1;

    /// <summary>Tells whether a text can be the name of a host: labels of ASCII letters, digits, hyphens and
    /// underscores. One that ends in a label of digits alone is a mistyped address.</summary>
    /// <param name="name">It may end in a dot.</param>
    public static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.EndsWith('.')) name = name[..^1];
        if (name.Length > NameBytesMax - 2) return false;
        int labelStart = 0;
        bool isNumber = true;
        for (int i = 0; i <= name.Length; i++)
        {
            if (i == name.Length || name[i] == '.')
            {
                if (i == labelStart || i - labelStart > LabelBytesMax) return false;
                if (i == name.Length) return !isNumber;
                labelStart = i + 1;
                isNumber = true;
            }
            else if (char.IsAsciiLetter(name[i]) || name[i] is '-' or '_') isNumber = false;
            else if (!char.IsAsciiDigit(name[i])) return false;
        }
        return false;
    }

    // <id> <flags> <questions = 1> <answers, authorities, additional = 0> <name> <type> <class>
    /// <summary>Writes the question for a name's addresses of one family.</summary>
    /// <param name="name">As of <see cref="IsName"/>.</param>
    /// <param name="type"><see cref="TypeA"/> or <see cref="TypeAaaa"/>.</param>
    public static byte[] Question(string name, ushort id, ushort type)
    {
        Debug.Assert(IsName(name) && type is TypeA or TypeAaaa, "the caller has checked what it asks for");
        string[] labels = name.TrimEnd('.').Split('.');
        byte[] question = new byte[HeadBytes + name.TrimEnd('.').Length + 2 + 4];
        BinaryPrimitives.WriteUInt16BigEndian(question, id);
        question[2] = 1;        // recursion desired
        question[5] = 1;
        int at = HeadBytes;
        foreach (string label in labels)
        {
            question[at++] = (byte)label.Length;
            foreach (char character in label) question[at++] = (byte)character;
        }
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(at + 1), type);
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(at + 3), ClassInternet);
        return question;
    }

    /// <summary>Reads what may be the answer to a question.</summary>
    /// <param name="message">Any bytes. Of one that is cut off, the whole records are read.</param>
    /// <param name="question">As <see cref="Question"/> has made it.</param>
    /// <param name="addresses">The addresses found are added, also those of the names that the name is an alias
    /// of.</param>
    public static DnsAnswer Read(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, List<IPAddress> addresses)
    {
        if (!IsAnswer(message, question)) return DnsAnswer.None;
        bool isCut = (message[2] & 2) != 0;
        int code = message[3] & 15;
        if (code is not (0 or 3)) return DnsAnswer.Failed;

        Span<byte> name = stackalloc byte[NameBytesMax];
        int at = HeadBytes;
        if (!TryReadName(question, ref at, name, out int length)) return DnsAnswer.None;
        int type = BinaryPrimitives.ReadUInt16BigEndian(question[at..]), before = addresses.Count;
        for (int aliases = 0; aliases <= AliasesMax; aliases++)
        {
            isCut |= !TryReadRecords(message, question.Length, type, name, ref length, addresses, out bool isAlias);
            if (addresses.Count > before) return DnsAnswer.Found;
            if (!isAlias) return isCut ? DnsAnswer.Failed : DnsAnswer.NotFound;
        }
        return DnsAnswer.Failed;
    }

    // A server repeats the question, its name perhaps in other letters.
    private static bool IsAnswer(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question)
    {
        if (message.Length < question.Length || !message[..2].SequenceEqual(question[..2])) return false;
        const int answerBit = 0x80, otherOperation = 0x78;
        if ((message[2] & (answerBit | otherOperation)) != answerBit) return false;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1) return false;
        for (int i = HeadBytes; i < question.Length; i++)
        {
            if (ToLower(message[i]) != ToLower(question[i])) return false;
        }
        return true;
    }

    // Each record: <name> <type> <class> <time to live> <length> <data>. Adds the addresses of the name, or puts the
    // name that it is an alias of in its place. False if the message ends before its last record.
    private static bool TryReadRecords(
        ReadOnlySpan<byte> message, int at, int type, Span<byte> name, ref int length, List<IPAddress> addresses,
        out bool isAlias)
    {
        Span<byte> owner = stackalloc byte[NameBytesMax];
        isAlias = false;
        int records = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        for (int i = 0; i < records; i++)
        {
            if (!TryReadName(message, ref at, owner, out int ownerLength) || message.Length - at < 10) return false;
            int recordType = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            int recordClass = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
            int bytes = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += 10;
            if (message.Length - at < bytes) return false;
            int dataAt = at;
            at += bytes;
            if (recordClass != ClassInternet || !owner[..ownerLength].SequenceEqual(name[..length])) continue;
            if (recordType == type && bytes == (type == TypeA ? 4 : 16))
                addresses.Add(new IPAddress(message.Slice(dataAt, bytes)));
            else if (recordType == TypeAlias) return isAlias = TryReadName(message, ref dataAt, name, out length);
        }
        return true;
    }

    // A name is labels, each with its length before it, up to an empty one; or up to a pointer to where it goes on.
    // Pointers that go back only can't make a loop: each one leads before the place where this part has begun.
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int at, Span<byte> name, out int length)
    {
        Debug.Assert(name.Length == NameBytesMax && at >= 0, "a name is read from somewhere into room for any name");
        int end = -1, partStart = at;
        length = 0;
        for (int place = at; place < message.Length;)
        {
            int label = message[place];
            if (label >= 0xc0)
            {
                if (place + 2 > message.Length) return false;
                if (end < 0) end = place + 2;
                place = BinaryPrimitives.ReadUInt16BigEndian(message[place..]) & 0x3fff;
                if (place >= partStart) return false;
                partStart = place;
                continue;
            }
            int next = place + 1 + label;
            if (label > LabelBytesMax || next > message.Length || length + 1 + label > NameBytesMax) return false;
            foreach (byte character in message[place..next]) name[length++] = ToLower(character);
            if (label == 0)
            {
                at = end < 0 ? next : end;
                return true;
            }
            place = next;
        }
        return false;
    }

    // The length before a label is 63 at most, and below the letters.
    private static byte ToLower(byte character) =>
        character is >= (byte)'A' and <= (byte)'Z' ? (byte)(character + 32) : character;
}
