using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Tests.Transport;

/// <summary>Notes the assertions that fail, instead of ending the process.</summary>
internal sealed class AssertionList : TraceListener
{
    public AssertionList()
    {
        Trace.Listeners.Clear();
        Trace.Listeners.Add(this);
    }

    public List<string> All { get; } = [];

    public override void Fail(string? message, string? detailMessage) => All.Add(message ?? "");

    public override void Write(string? message)
    {
    }

    public override void WriteLine(string? message)
    {
    }
}
