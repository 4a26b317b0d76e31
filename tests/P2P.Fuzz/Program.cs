using System;
using System.Diagnostics;
using System.IO;
using SharpFuzz;

namespace P2P.Fuzz;

/// <summary>
/// What AFL++ runs, from tests/fuzz.sh: <c>P2P.Fuzz TARGET</c> takes one input after the other, as long as AFL++ likes;
/// <c>P2P.Fuzz TARGET FILE...</c> tries these inputs once and shows what is wrong with the first that fails.
/// </summary>
internal static class Program
{
    // More than any input that AFL++ is told to make.
    private const int InputBytesMax = 64 * 1024;

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 0 || Array.IndexOf(FuzzTargets.Names, arguments[0]) < 0)
        {
            Console.Error.WriteLine("usage: P2P.Fuzz <target> [<file>...]");
            Console.Error.WriteLine($"targets: {string.Join(' ', FuzzTargets.Names)}");
            return 2;
        }
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new ThrowingListener());
        using var target = FuzzTarget.Open(arguments[0]);
        if (arguments.Length == 1)
        {
            byte[] buffer = new byte[InputBytesMax];
            // In a process of its own: AFL++ may end it where it hangs, and goes on with another.
            Fuzzer.OutOfProcess.Run(stream =>
            {
                int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
                target.Run(buffer.AsSpan(0, length));
            });
            return 0;
        }
        foreach (string path in arguments.AsSpan(1))
        {
            try
            {
                target.Run(File.ReadAllBytes(path));
            }
            catch (Exception e)
            {
                Console.Error.WriteLine($"{path}: {e}");
                return 1;
            }
        }
        Console.WriteLine($"{arguments.Length - 1} inputs tried, nothing is wrong");
        return 0;
    }

    // An assertion that doesn't hold is a finding like any other, and no end of the process.
    private sealed class ThrowingListener : TraceListener
    {
        public override void Write(string? message)
        {
        }

        public override void WriteLine(string? message)
        {
        }

        public override void Fail(string? message, string? detail) =>
            throw new InvalidOperationException($"assertion: {message} {detail}");
    }
}
