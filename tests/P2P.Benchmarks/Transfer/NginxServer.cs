using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using P2P.Benchmarks.Support;
using P2P.Tests.Support;

namespace P2P.Benchmarks.Transfer;

/// <summary>
/// An nginx that serves one folder, set for speed. A second worker would only take the core that the downloader needs,
/// so there is one, and it is the process itself, whose CPU time is easily told.
/// </summary>
internal sealed class NginxServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public NginxServer(WorkFolder work, string servedFolder, IPAddress address)
    {
        Port = FreePort.Next();
        string folder = work.MakeFolder("nginx");
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log stderr crit;
            worker_rlimit_nofile 10000;
            events { worker_connections 4096; }
            http {
                access_log off;
                sendfile on;
                sendfile_max_chunk 0;
                tcp_nopush on;
                tcp_nodelay on;
                keepalive_requests 1000000;
                open_file_cache max=10000;
                client_body_temp_path {{folder}};
                proxy_temp_path {{folder}};
                fastcgi_temp_path {{folder}};
                uwsgi_temp_path {{folder}};
                scgi_temp_path {{folder}};
                server { listen {{address}}:{{Port}} backlog=4096; root {{servedFolder}}; }
            }
            """);
        Process = ChildProcess.Start(folder, "nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr");
        WaitUntilItListens(address);
    }

    public int Port { get; }

    public ChildProcess Process { get; }

    public void Dispose() => Process.Dispose();

    private void WaitUntilItListens(IPAddress address)
    {
        for (DateTime end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; Thread.Sleep(5))
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(address, Port);
                return;
            }
            catch (SocketException)
            {
                // not yet
            }
        }
        throw new BenchmarkException($"does not listen: {Process.Describe()}");
    }
}
