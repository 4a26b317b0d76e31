using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading;
using Xunit;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>A test in a browser; skipped, with the reason,
/// where there is none (the build of the tests installs it where it can).</summary>
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        if (Chromium.Find() is null)
            Skip = "needs chromium in the PATH (Debian: apt-get install chromium)";
    }
}

/// <summary>
/// One page in a headless Chromium, driven by the DevTools protocol: what is waited for is waited for inside the page,
/// so that no test looks again and again. Its profile is a temporary folder; it and all its processes, which form a
/// process group, end with this object.
/// </summary>
internal sealed class Chromium : IDisposable
{
    private readonly TempFolder _profile = new();
    private readonly NativeProcess _process;
    private readonly ClientWebSocket _socket = new();
    private readonly EventList<JsonNode> _received = new();
    private readonly string _session;
    private int _calls;

    public Chromium()
    {
        // setsid: the process number is that of the group.
        _process = new NativeProcess("setsid", _profile.Path,
            "env", $"HOME={_profile.Path}", $"TMPDIR={_profile.Path}", Find()!, "--headless=new",
            "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
            "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={_profile["profile"]}", "about:blank");
        try
        {
            string line = _process.Errors.WaitForFirst(each => each.Contains("DevTools listening on ws://"),
                "Chromium's DevTools");
            using var patience = new CancellationTokenSource(Patience.Limit);
            _socket.ConnectAsync(new Uri(Regex.Match(line, @"ws://\S+").Value), patience.Token)
                .GetAwaiter().GetResult();
            new Thread(Receive) { IsBackground = true }.Start();
            JsonNode target = Call("Target.createTarget", new JsonObject { ["url"] = "about:blank" })["targetId"]!;
            _session = "";
            _session = (string)Call("Target.attachToTarget",
                new JsonObject { ["targetId"] = target.DeepClone(), ["flatten"] = true })["sessionId"]!;
            foreach (string domain in new[] { "Page", "Runtime", "Log", "Network" })
                Call($"{domain}.enable");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where the browser lies; null if there is none.</summary>
    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .SelectMany(folder => new[] { Path.Combine(folder, "chromium"), Path.Combine(folder, "chromium-browser") })
        .FirstOrDefault(File.Exists);

    /// <summary>Whatever a developer would see in red or yellow in the console: exceptions, refused resources,
    /// failed requests.</summary>
    public IReadOnlyList<string> Complaints => _received.All.Where(each => (string?)each["method"] switch
    {
        "Runtime.exceptionThrown" => true,
        "Runtime.consoleAPICalled" => (string?)each["params"]!["type"] is "error" or "warning" or "assert",
        "Log.entryAdded" => (string?)each["params"]!["entry"]!["level"] is "error" or "warning",
        _ => false,
    }).Select(each => each.ToJsonString()).ToArray();

    /// <summary>The addresses of all that the page has asked for.</summary>
    public IReadOnlyList<string> Requested =>
        _received.All.Where(each => (string?)each["method"] == "Network.requestWillBeSent")
            .Select(each => (string)each["params"]!["request"]!["url"]!).ToArray();

    /// <summary>How large the page's window is, in its own pixels, and what the user has set.</summary>
    public void Look(int width, int height, bool dark = false, bool calm = false)
    {
        Call("Emulation.setDeviceMetricsOverride",
            new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        Call("Emulation.setEmulatedMedia", new JsonObject
        {
            ["features"] = new JsonArray(
                new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" },
                new JsonObject { ["name"] = "prefers-reduced-motion", ["value"] = calm ? "reduce" : "no-preference" }),
        });
    }

    /// <summary>Goes to an address and waits until the page is loaded.</summary>
    public void Open(string address)
    {
        bool IsLoad(JsonNode each) => (string?)each["method"] == "Page.loadEventFired";
        int before = _received.All.Count(IsLoad);
        Call("Page.navigate", new JsonObject { ["url"] = address });
        _received.WaitUntil(all => all.Count(IsLoad) > before, $"{address} to be loaded");
    }

    /// <summary>The value of an expression, as JSON; of a promise, what it comes to.</summary>
    public JsonNode? Evaluate(string expression)
    {
        JsonObject answer = Call("Runtime.evaluate",
            new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        if (answer["exceptionDetails"] is { } details)
            throw new XunitException($"{expression}\n{details.ToJsonString()}");
        return answer["result"]!["value"]?.DeepClone();
    }

    /// <summary>Waits until a condition holds, looking whenever the document changes.</summary>
    public void WaitUntil(string condition) => Evaluate($$"""
        new Promise(resolve => {
          const look = () => { if ({{condition}}) { observer.disconnect(); resolve(true); } };
          const observer = new MutationObserver(look);
          observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
          look();
        })
        """);

    /// <summary>Moves the mouse there, in pixels of the window.</summary>
    public void MoveMouse(double x, double y) =>
        Call("Input.dispatchMouseEvent", new JsonObject { ["type"] = "mouseMoved", ["x"] = x, ["y"] = y });

    public void PressKey(string key)
    {
        foreach (string type in new[] { "keyDown", "keyUp" })
            Call("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key });
    }

    /// <summary>What is in the window now, as PNG.</summary>
    public byte[] Screenshot() =>
        Convert.FromBase64String(
            (string)Call("Page.captureScreenshot", new JsonObject { ["format"] = "png" })["data"]!);

    public void Dispose()
    {
        _socket.Dispose();
        _ = Libc.kill(-_process.Id, Libc.SigKill);
        _process.Dispose();
        _profile.Dispose();
    }

    private JsonObject Call(string method, JsonObject? parameters = null)
    {
        int id = ++_calls;
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (_session is { Length: > 0 })
            call["sessionId"] = _session;
        using var patience = new CancellationTokenSource(Patience.Limit);
        _socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, true,
            patience.Token).GetAwaiter().GetResult();
        JsonNode answer =
            _received.WaitForFirst(each => (int?)each["id"] == id, $"Chromium's answer to {call.ToJsonString()}");
        return answer["result"] as JsonObject
            ?? throw new XunitException($"{call.ToJsonString()}\n{answer.ToJsonString()}");
    }

    private void Receive()
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var message = new MemoryStream();
                ValueWebSocketReceiveResult part;
                do
                {
                    part = _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask()
                        .GetAwaiter().GetResult();
                    message.Write(buffer, 0, part.Count);
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                _received.Add(JsonNode.Parse(message.ToArray())!);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // This object is being disposed, or the browser has died: whoever waits is told.
        }
        finally
        {
            _received.End();
        }
    }
}
