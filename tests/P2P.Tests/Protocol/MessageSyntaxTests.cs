using System;
using System.Text;
using P2P.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Protocol;

public sealed class MessageSyntaxTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("WHERE_CHUNK,7")]
    [InlineData("  WHERE_CHUNK,7")]
    [InlineData("WHERE_CHUNK,7 \t\r")]
    [InlineData("WHERE_CHUNK,99999999999999999999")]        // its value is not looked at
    [InlineData("WHERE_CHUNK,7,localhost,5001")]
    [InlineData("REQUEST_CHUNK,7")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,7")]
    [InlineData("LOCAL_CHUNKS,7,localhost,5001")]
    [InlineData("GET_CHUNK_FROM,7,localhost,5001")]
    [InlineData("GET_CHUNK_FROM,7,localhost,5001,localhost,5002")]
    public void Scan_OfAMessage_IsWhole(string text) => AssertScan(Extent.Whole, text);

    [Theory]
    [InlineData("WHERE_CHUNK,7,")]
    [InlineData("WHERE_CHUNK,7,,")]
    [InlineData("WHERE_CHUNK,7,localhost")]
    [InlineData("WHERE_CHUNK,7,5x")]
    [InlineData("GET_CHUNK_FROM,7,localhost,5001,localhost")]
    public void Scan_OfAMessageWithSurplusThatIsNoNumber_IsOpen(string text) => AssertScan(Extent.WholeButOpen, text);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("W")]
    [InlineData("WHERE_CHUNK")]
    [InlineData("WHERE_CHUNK,")]
    [InlineData("LOCAL_CHUNKS,1")]
    [InlineData("LOCAL_CHUNKS,1,")]
    [InlineData("LOCAL_CHUNKS,1,localhost")]
    [InlineData("LOCAL_CHUNKS,1,localhost,")]
    [InlineData("GET_CHUNK_FROM,1")]
    [InlineData("WHERE_CHUNK,7W")]
    [InlineData("WHERE_CHUNK,7LOCAL_CHUNKS")]
    public void Scan_OfWhatMayBecomeAMessage_IsIncomplete(string text) => AssertScan(Extent.Incomplete, text);

    [Theory]
    [InlineData("X")]
    [InlineData("where_chunk,7")]
    [InlineData("WHERE_CHUNKS")]
    [InlineData("WHERE CHUNK,7")]
    [InlineData("WHERE_CHUNK,x")]
    [InlineData("WHERE_CHUNK,-7")]
    [InlineData("WHERE_CHUNK,,7")]
    [InlineData("WHERE_CHUNK,7x")]
    [InlineData("WHERE_CHUNK,7 x")]
    [InlineData("LOCAL_CHUNKS,1,localhost,x")]
    [InlineData("LOCAL_CHUNKS,1,localhost,,5001")]
    [InlineData("Hello, WHERE_CHUNK,7")]
    [InlineData("Wherever")]
    public void Scan_OfAnythingElse_IsNoMessage(string text) => AssertScan(Extent.NotAMessage, text);

    [Theory]
    [InlineData("WHERE_CHUNK,7", "WHERE_CHUNK,8")]
    [InlineData("WHERE_CHUNK,7", "LOCAL_CHUNKS,")]
    [InlineData("WHERE_CHUNK,7,", "REQUEST_CHUNK,8")]
    [InlineData("WHERE_CHUNK,7 \r", "WHERE_CHUNK,8")]
    [InlineData("WHERE_CHUNK,7,localhost,5001", "WHERE_CHUNK,8")]
    [InlineData("LOCAL_CHUNKS,7,localhost,5001", "LOCAL_CHUNKS,8,localhost,5001")]
    [InlineData("GET_CHUNK_FROM,7,localhost,5001", "CHUNK_LOCATION_UNKNOWN,8")]
    public void Scan_OfJoinedMessages_FindsTheEndOfTheFirst(string first, string second) =>
        AssertScan(Extent.Followed, first + second, first.Length);

    // Else a message that was cut would be given up before its rest is there.
    [Fact]
    public void Scan_OfTheHeadOfAMessage_IsNeverNoMessage()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 500; round++)
        {
            string message = RandomText.Message(random), next = RandomText.Message(random);
            AssertScan(Extent.Whole, message);
            AssertScan(Extent.Followed, message + next, message.Length);
            for (int length = 0; length < message.Length; length++)
                Assert.NotEqual(Extent.NotAMessage,
                    MessageSyntax.Scan(Encoding.Latin1.GetBytes(message[..length]), out _));
        }
    }

    [Fact]
    public void Scan_OfGarbage_NeverThrows_AndFollowsOnlyWithAVerb()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomText.Garbage(random, random.Next(120)).Replace('\n', ' ');
            Extent extent = MessageSyntax.Scan(Encoding.Latin1.GetBytes(text), out int length);
            if (extent == Extent.Followed)
                Assert.Matches(
                    "^(LOCAL_CHUNKS|WHERE_CHUNK|REQUEST_CHUNK|GET_CHUNK_FROM|CHUNK_LOCATION_UNKNOWN),", text[length..]);
            else
                Assert.Equal(text.Length, length);
        }
    }

    private static void AssertScan(Extent extent, string text, int? length = null)
    {
        Assert.Equal(extent, MessageSyntax.Scan(Encoding.Latin1.GetBytes(text), out int found));
        Assert.Equal(length ?? text.Length, found);
    }
}
