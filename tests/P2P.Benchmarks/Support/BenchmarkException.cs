using System;

namespace P2P.Benchmarks.Support;

/// <summary>A figure can't be measured; the message says why,
/// in one line or with a program's output behind it.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
