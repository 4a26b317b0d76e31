using System.Diagnostics;
using System.Text;
using P2P.Cli;

namespace P2P.Client;

/// <summary>One event as a line of JSON on stdout: <c>{"event":"start","name":"alice","have":4}</c>. System.Text.Json
/// would cost more than the whole program.</summary>
internal sealed class JsonLine
{
    private readonly StringBuilder _text = new("{\"event\":");

    /// <summary>Begins an event.</summary>
    /// <param name="name">The client's name, which every event has.</param>
    public JsonLine(string eventName, string name)
    {
        AddText(eventName);
        Add("name", name);
    }

    public JsonLine Add(string key, string value)
    {
        AddKey(key);
        AddText(value);
        return this;
    }

    public JsonLine Add(string key, long value)
    {
        AddKey(key);
        _text.Append(value);
        return this;
    }

    /// <summary>Ends the event, and prints the line.</summary>
    public void Print() => Terminal.Print(ToString());

    /// <summary>The line, without its end.</summary>
    public override string ToString()
    {
        Debug.Assert(_text[^1] != '}', "an event ends once");
        return _text.Append('}').ToString();
    }

    private void AddKey(string key)
    {
        _text.Append(',');
        AddText(key);
        _text.Append(':');
    }

    // RFC 8259: quotes, backslashes and control characters are escaped, all else stands as it is, in UTF-8.
    private void AddText(string text)
    {
        _text.Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\') _text.Append('\\').Append(c);
            else if (c < ' ') _text.Append("\\u00").Append(c < 0x10 ? '0' : '1').Append("0123456789abcdef"[c & 15]);
            else _text.Append(c);
        }
        _text.Append('"');
    }
}
