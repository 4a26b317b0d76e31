using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using P2P.Client;
using P2P.Tests.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Client.Names;

public sealed class DnsMessageTests(ITestOutputHelper output)
{
    private const string Host = "Hub.Example";
    private const ushort Id = 0x1234;
    private static readonly byte[] Question = DnsMessage.Question(Host, Id, DnsMessage.TypeA);
    private static readonly byte[] Question6 = DnsMessage.Question(Host, Id, DnsMessage.TypeAaaa);

    // The name of the question, and its second label.
    private static readonly byte[] Owner = [0xc0, 12], Example = [0xc0, 16];

    [Fact]
    public void AQuestion_IsOneForTheNamesAddresses() => Assert.Equal(
        "1234010000010000000000000348756207457861" + "6D706C650000010001", Convert.ToHexString(Question));

    [Fact]
    public void ADotAtTheEnd_IsNoPartOfTheName() =>
        Assert.Equal(Question, DnsMessage.Question($"{Host}.", Id, DnsMessage.TypeA));

    [Theory]
    [InlineData("hub")]
    [InlineData("hub.example.")]
    [InlineData("HUB-2_x.1.example")]
    [InlineData("1and1")]
    [InlineData("xn--bcher-kva.example")]
    public void AName_HasLabelsOfLettersAndDigits(string name) => Assert.True(DnsMessage.IsName(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a b")]
    [InlineData("#")]
    [InlineData("b\u00fccher.example")]
    [InlineData("192.168.1.300")]
    [InlineData("a:b")]
    public void WhatIsNoName_IsNone(string name) => Assert.False(DnsMessage.IsName(name));

    [Fact]
    public void ANameAndItsLabels_HaveALongestForm()
    {
        string label = new('a', 63);
        Assert.True(DnsMessage.IsName(label));
        Assert.False(DnsMessage.IsName($"{label}a"));
        string longest = $"{label}.{label}.{label}.{label[..61]}";
        Assert.True(DnsMessage.IsName(longest) && DnsMessage.IsName($"{longest}."));
        Assert.False(DnsMessage.IsName($"{longest}a"));
        byte[] question = DnsMessage.Question(longest, Id, DnsMessage.TypeA);
        Assert.Equal("10.0.0.1", Read(question, Answer(question, Record(Owner, 1, 10, 0, 0, 1))));
    }

    [Fact]
    public void Addresses_AreReadInTheOrderOfTheAnswer()
    {
        Assert.Equal("10.0.0.2 10.0.0.1",
            Read(Question, Answer(Question, Record(Owner, 1, 10, 0, 0, 2), Record(Owner, 1, 10, 0, 0, 1))));
        byte[] address = IPAddress.Parse("2001:db8::7").GetAddressBytes();
        Assert.Equal("2001:db8::7", Read(Question6, Answer(Question6, Record(Owner, 28, address))));
    }

    [Fact]
    public void NamesAreTheSame_InAnyLettersAndForm()
    {
        byte[] message = Answer(Question, Record(Name("hub.EXAMPLE"), 1, 10, 0, 0, 1),
            Record([3, .. "hUb"u8, .. Example], 1, 10, 0, 0, 2));
        message[13] ^= 0x20;
        Assert.Equal("10.0.0.1 10.0.0.2", Read(Question, message));
    }

    [Fact]
    public void OtherRecords_ArePassedOver() => Assert.Equal("10.0.0.3", Read(Question, Answer(Question,
        Record(Name("other.example"), 1, 10, 0, 0, 1),
        Record(Owner, 28, new byte[16]),
        Record(Owner, 1, 10, 0, 0),                // too short for an address
        Record(Owner, 16, [4, .. "text"u8]),
        Record(Owner, 1, 10, 0, 0, 3))));

    [Fact]
    public void Aliases_AreFollowed_InAnyOrder()
    {
        byte[] first = Record(Owner, 5, [1, (byte)'b', .. Example]);
        byte[] second = Record(Name("b.example"), 5, Name("c.example"));
        byte[] address = Record(Name("c.example"), 1, 10, 0, 0, 1);
        Assert.Equal("10.0.0.1", Read(Question, Answer(Question, first, second, address)));
        Assert.Equal("10.0.0.1", Read(Question, Answer(Question, address, second, first)));
        Assert.Equal("NotFound", Read(Question, Answer(Question, first, address)));
    }

    [Fact]
    public void AliasesInACircle_ComeToAnEnd()
    {
        byte[] message = Answer(Question, Record(Owner, 5, Name("b.example")), Record(Name("b.example"), 5, Owner));
        Assert.Equal("Failed", Read(Question, message));
        Assert.Equal("Failed", Read(Question, Answer(Question, Record(Owner, 5, Owner))));
    }

    [Fact]
    public void PointersThatLeadNowhere_ComeToAnEnd()
    {
        int at = Question.Length;
        byte[][] names =
        [
            [0xc0, (byte)at],                           // to itself
            [0xc0, (byte)(at + 2)],                     // forward
            [0xff, 0xff],                               // out of the message
            [1, (byte)'a', 0xc0, (byte)at],             // to its own beginning
            [0x40, 1, 0],                               // a label of no known kind
            [0x80, 1, 0],
        ];
        foreach (byte[] name in names)
            Assert.Equal("Failed", Read(Question, Answer(Question, Record(name, 1, 10, 0, 0, 1))));
        // The question's name 40 times, one behind the other, is longer than any name.
        List<byte> longName = [];
        for (int i = 0; i < 40; i++) longName.AddRange([7, .. "example"u8]);
        Assert.Equal("Failed", Read(Question, Answer(Question, Record([.. longName, 0], 1, 10, 0, 0, 1))));
    }

    [Theory]
    [InlineData(0, "NotFound")]
    [InlineData(3, "NotFound")]
    [InlineData(1, "Failed")]
    [InlineData(2, "Failed")]
    [InlineData(5, "Failed")]
    public void WithoutAddresses_TheCodeTells(byte code, string expected)
    {
        byte[] message = Answer(Question);
        message[3] = code;
        Assert.Equal(expected, Read(Question, message));
    }

    [Fact]
    public void WhatIsNoAnswerToTheQuestion_IsNone()
    {
        byte[] good = Answer(Question, Record(Owner, 1, 10, 0, 0, 1));
        (int At, byte Change)[] changes =
        [
            (0, 1), (1, 1),         // another number
            (2, 0x80),              // a question
            (2, 0x08),              // another operation
            (5, 1), (4, 1),         // no question, or two
            (13, 1),                // another name
            (Question.Length - 3, 1), (Question.Length - 1, 2),     // another type or class
        ];
        foreach ((int at, byte change) in changes)
        {
            byte[] message = [.. good];
            message[at] ^= change;
            Assert.Equal("None", Read(Question, message));
        }
        Assert.Equal("None", Read(Question, Answer(Question6, Record(Owner, 28, new byte[16]))));
    }

    [Fact]
    public void CutAnywhere_AnAnswerIsGoodAsFarAsItGoes()
    {
        byte[] good = Answer(Question, Record(Owner, 1, 10, 0, 0, 1), Record(Owner, 1, 10, 0, 0, 2));
        for (int length = 0; length <= good.Length; length++)
        {
            string expected = length < Question.Length ? "None"
                : length < Question.Length + 16 ? "Failed"
                : length < good.Length ? "10.0.0.1"
                : "10.0.0.1 10.0.0.2";
            Assert.Equal(expected, Read(Question, good[..length]));
        }
        byte[] marked = Answer(Question);
        marked[2] |= 2;
        Assert.Equal("Failed", Read(Question, marked));
    }

    [Fact]
    public void RandomMessages_AreReadToAnEnd()
    {
        Random random = SeededRandom.Create(output);
        int found = 0;
        for (int round = 0; round < 200_000; round++)
        {
            byte[] question = random.Next(2) == 0 ? Question : Question6;
            IEnumerable<byte[]> records = Enumerable.Range(0, random.Next(8)).Select(_ => RandomRecord(random));
            byte[] message = Answer(question, [.. records]);
            for (int i = random.Next(4); i > 0; i--)
                message[random.Next(question.Length, message.Length + 1) % message.Length] = (byte)random.Next(256);
            if (random.Next(4) == 0) message = message[..random.Next(message.Length + 1)];
            List<IPAddress> addresses = [];
            DnsAnswer answer = DnsMessage.Read(message, question, addresses);
            Assert.Equal(answer == DnsAnswer.Found, addresses.Count > 0);
            if (answer == DnsAnswer.Found) found++;
        }
        Assert.InRange(found, 10_000, 190_000);
    }

    [Fact]
    public void RandomBytesBehindTheQuestion_AreReadToAnEnd()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] rest = new byte[random.Next(300)];
            for (int i = 0; i < rest.Length; i++)
                rest[i] = random.Pick((byte)random.Next(256), (byte)0xc0, (byte)random.Next(Question.Length), (byte)0);
            byte[] message = Answer(Question, rest);
            message[7] = message[6] = 0xff;
            DnsMessage.Read(message, Question, []);
        }
    }

    private static byte[] RandomRecord(Random random)
    {
        byte[] owner = random.Pick(Owner, Example, Name("b.example"), [0xc0, (byte)random.Next(256)],
            [1, (byte)'b', 0xc0, (byte)random.Next(60)]);
        ushort type = random.Pick<ushort>(1, 5, 28, 16);
        byte[] data = type == 5 ? random.Pick(Owner, Name("b.example"), [0xc0, (byte)random.Next(256)])
            : new byte[type == 1 ? 4 : type == 28 ? 16 : random.Next(20)];
        return Record(owner, type, data);
    }

    // What was found: the addresses, or the word for none.
    private static string Read(byte[] question, byte[] message)
    {
        List<IPAddress> addresses = [];
        DnsAnswer answer = DnsMessage.Read(message, question, addresses);
        Assert.Equal(answer == DnsAnswer.Found, addresses.Count > 0);
        return addresses.Count > 0 ? string.Join(' ', addresses) : answer.ToString();
    }

    internal static byte[] Answer(byte[] question, params byte[][] records)
    {
        byte[] answer = [.. question, .. records.SelectMany(record => record)];
        answer[2] |= 0x80;
        answer[7] = (byte)records.Length;
        return answer;
    }

    internal static byte[] Record(byte[] owner, ushort type, params byte[] data) =>
        [.. owner, 0, (byte)type, 0, 1, 0, 0, 0, 60, 0, (byte)data.Length, .. data];

    private static byte[] Name(string name) => [.. name.Split('.')
        .SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
}
