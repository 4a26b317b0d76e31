using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace P2P.Mutants;

/// <summary>The assemblies of one mutant: names and contents.</summary>
internal sealed record Assemblies(string Folder, IReadOnlyDictionary<string, byte[]> Contents)
{
    /// <summary>Puts them in the place of those that the tests run with.</summary>
    public void Install()
    {
        foreach ((string name, byte[] bytes) in Contents)
            File.WriteAllBytes(Path.Combine(Folder, name + ".dll"), bytes);
    }
}

/// <summary>
/// Compiles mutants for the unit tests within this process, with the arguments that msbuild would give the compiler:
/// one second instead of ten, and no loss when one does not compile, which is a third of all. Not thread-safe.
/// </summary>
internal sealed class Compiler
{
    // In the order in which they need each other. The tests are compiled anew as well: they have our constants in them.
    private static readonly string[] Projects =
        ["src/P2P.Shared", "src/P2PTracker", "src/P2PClient", "tests/P2P.Tests"];
    private readonly string _testFolder;
    private readonly Dictionary<string, CSharpCompilation> _originals = [];
    private readonly Dictionary<string, byte[]> _contents;

    public Compiler(WorkCopy copy)
    {
        _testFolder = copy.TestFolder;
        foreach (string project in Projects)
        {
            CSharpCompilation compilation = Load(copy, copy[project]);
            _originals[compilation.AssemblyName!] = Connect(compilation, _originals);
        }
        _contents = _originals.ToDictionary(each => each.Key, each => Emit(each.Value)
            ?? throw new InvalidOperationException(
                $"{each.Key} does not compile here as it does with msbuild. Has it a source generator now?"));
    }

    /// <summary>Compiles every assembly that has the mutant in it; null if that gives an error or,
    /// an error with us, a warning.</summary>
    public Assemblies? TryCompile(Mutant mutant)
    {
        var contents = new Dictionary<string, byte[]>(_contents);
        Dictionary<string, CSharpCompilation> changed = [];
        foreach ((string name, CSharpCompilation original) in _originals)
        {
            CSharpCompilation compilation = original;
            if (original.SyntaxTrees.FirstOrDefault(
                each => each.FilePath.EndsWith("/" + mutant.Path, StringComparison.Ordinal)) is { } tree)
                compilation =
                    original.ReplaceSyntaxTree(tree, tree.WithChangedText(SourceText.From(mutant.Text, Encoding.UTF8)));
            compilation = Connect(compilation, changed);
            if (compilation == original) continue;
            changed[name] = compilation;
            if (Emit(compilation) is not { } content) return null;
            contents[name] = content;
            // Nothing else of it is in the others: they go with the new one as they are.
            if (!mutant.IsSeenOutside) break;
        }
        return new(_testFolder, contents);
    }

    // The compilation with the others that it refers to, instead of the files that msbuild made of them.
    private static CSharpCompilation Connect(
        CSharpCompilation compilation, Dictionary<string, CSharpCompilation> others)
    {
        foreach (MetadataReference reference in compilation.References.ToArray())
        {
            string? name = reference is CompilationReference { Compilation: var to }
                ? to.AssemblyName : Path.GetFileNameWithoutExtension(reference.Display);
            if (name is not null && others.TryGetValue(name, out CSharpCompilation? other))
                compilation = compilation.ReplaceReference(reference, other.ToMetadataReference());
        }
        return compilation;
    }

    private static byte[]? Emit(CSharpCompilation compilation)
    {
        using var stream = new MemoryStream();
        return compilation.Emit(stream).Success ? stream.ToArray() : null;
    }

    private static CSharpCompilation Load(WorkCopy copy, string project)
    {
        // The target that compiles is skipped where nothing has changed, except when one of its outputs is missing.
        string json =
            copy.Output("dotnet", "msbuild", project, "-t:Compile", "-getItem:CscCommandLineArgs", "-nodeReuse:false",
                "-p:ProvideCommandLineArgs=true", "-p:SkipCompilerExecution=true", "-p:BuildProjectReferences=false",
                "-p:NonExistentFile=none");
        JsonElement items = JsonDocument.Parse(json).RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs");
        CSharpCommandLineArguments arguments = CSharpCommandLineParser.Default.Parse(
            items.EnumerateArray().Select(each => each.GetProperty("Identity").GetString()!),
            project, sdkDirectory: null);
        return CSharpCompilation.Create(arguments.CompilationName,
            arguments.SourceFiles.Select(each => CSharpSyntaxTree.ParseText(
                SourceText.From(File.ReadAllText(each.Path), Encoding.UTF8), arguments.ParseOptions, each.Path)),
            arguments.MetadataReferences.Select(
                each => MetadataReference.CreateFromFile(each.Reference, each.Properties)),
            arguments.CompilationOptions);
    }
}
