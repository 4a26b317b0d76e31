using System;
using System.Text;
using P2P.Tracker.Http;
using Xunit;

namespace P2P.Tests.Tracker.Http;

/// <summary>The head of a request: what is one, what it asks for, and by what name.</summary>
public sealed class HttpRequestTests
{
    private const string Usual = "GET / HTTP/1.1\r\nHost: localhost:5100\r\nAccept: */*\r\n\r\n";

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", true)]
    [InlineData("HEAD /x", true)]
    [InlineData("GET /", true)]
    [InlineData("GET ", false)]
    [InlineData("G", false)]
    [InlineData("GET_CHUNK_FROM,1,localhost,4000", false)]
    [InlineData("get / HTTP/1.1", false)]
    [InlineData("POST / HTTP/1.1", true)]
    [InlineData("PUT /x HTTP/1.1", true)]
    [InlineData("POST x", false)]
    [InlineData(" GET / HTTP/1.1", false)]
    [InlineData("HEADS /", false)]
    [InlineData("", false)]
    public void ARequest_IsToldFromAMessage_ByItsFirstBytes(string text, bool expected) =>
        Assert.Equal(expected, HttpRequest.Begins(Encoding.Latin1.GetBytes(text)));

    [Theory]
    [InlineData("GET / HTTP/1.1", "Page", false)]
    [InlineData("HEAD / HTTP/1.0", "Page", true)]
    [InlineData("GET /?x=1 HTTP/1.1", "Page", false)]
    [InlineData("GET /stats.json HTTP/1.1", "Stats", false)]
    [InlineData("GET /metrics HTTP/1.1", "Metrics", false)]
    [InlineData("GET /Metrics HTTP/1.1", "Other", false)]
    [InlineData("GET /../etc/passwd HTTP/1.1", "Other", false)]
    [InlineData("GET // HTTP/1.1", "Other", false)]
    public void TheTarget_IsThePath(string line, string target, bool isHead)
    {
        Assert.Equal(HttpStatus.Ok, Read($"{line}\r\nhOsT: localhost\r\n\r\n", out HttpRequest request));
        Assert.Equal((target, isHead), ($"{request.Target}", request.IsHead));
    }

    [Theory]
    [InlineData("have=17", 17)]
    [InlineData("have=", 0)]
    [InlineData("have=-1", 0)]
    [InlineData("have=999999999999999999", 999999999999999999)]
    [InlineData("have=9999999999999999999999", 0)]
    [InlineData("x&have=1", 0)]
    public void ThePictureThatTheAskerHas_IsANumber(string query, long expected)
    {
        Assert.Equal(HttpStatus.Ok,
            Read($"GET /stats.json?{query} HTTP/1.1\nHost: localhost\n\n", out HttpRequest request));
        Assert.Equal(expected, request.Have);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:5100", true)]
    [InlineData("127.0.0.1:5100", true)]
    [InlineData("127.9.9.9", true)]
    [InlineData("[::1]:5100", true)]
    [InlineData("[::1]", true)]
    [InlineData("  localhost\t", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example:5100", false)]
    [InlineData("evil.example:localhost", false)]
    [InlineData("192.168.1.2:5100", false)]
    [InlineData("[2001:db8::1]", false)]
    [InlineData("[", false)]
    [InlineData("", false)]
    public void OnlyLoopbackNames_AreForThisMachine(string host, bool expected)
    {
        Assert.Equal(HttpStatus.Ok, Read($"GET / HTTP/1.1\r\nHost:{host}\r\n\r\n", out HttpRequest request));
        Assert.Equal(expected, request.IsForLoopback);
    }

    [Theory]
    [InlineData("GET /\r\n")]                                                           // HTTP/0.9
    [InlineData("GET / HTTP/2\r\n")]
    [InlineData("GET / x HTTP/1.1\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]                                              // no Host
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost\u001alocalhost\r\n\r\n")]                             // no colon
    public void WhatIsNoProperRequest_IsBad(string text) => Assert.Equal(HttpStatus.BadRequest, Read(text, out _));

    [Fact]
    public void CutAnywhere_ItIsIncomplete_AndThenTheSame()
    {
        for (int length = 0; length < Usual.Length; length++)
            Assert.Equal(HttpStatus.Incomplete, Read(Usual[..length], out _));
        Assert.Equal(HttpStatus.Ok, Read(Usual, out HttpRequest request));
        Assert.True(request.IsForLoopback);
        Assert.Equal(HttpStatus.Ok, Read(Usual + "more", out _));
    }

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void AHead_HasAtMost4096Bytes(int bytes, bool fits)
    {
        string text = Usual[..^2] + "X: ";
        text += new string('x', bytes - text.Length - 4) + "\r\n\r\n";
        Assert.Equal(bytes, text.Length);
        Assert.Equal(fits ? HttpStatus.Ok : HttpStatus.HeadTooLong, Read(text, out _));
    }

    [Fact]
    public void AnyBytes_AreReadWithoutThrowing()
    {
        var random = new Random(5);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(Usual);
            for (int i = random.Next(4); i >= 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Read(Encoding.Latin1.GetString(bytes), out _);
        }
    }

    private static HttpStatus Read(string text, out HttpRequest request)
    {
        request = default;
        return request.Read(Encoding.Latin1.GetBytes(text));
    }
}
