using System.Net.Sockets;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

public sealed class SocketResultTests
{
    [Theory]
    [InlineData(10, SocketError.Success, false, true, false)]
    [InlineData(0, SocketError.Success, false, true, true)]             // the peer's end of stream
    [InlineData(0, SocketError.ConnectionReset, false, false, false)]   // a reset is never a clean end
    [InlineData(10, SocketError.ConnectionReset, false, false, false)]
    [InlineData(0, SocketError.OperationAborted, false, false, false)]
    [InlineData(0, SocketError.Success, true, false, false)]            // nor is silence
    public void AResult_IsASuccessAnEndOrNeither(int bytes, SocketError error, bool isQuiet, bool isSuccess, bool isEnd)
    {
        var result = new SocketResult(bytes, error, isQuiet);
        Assert.Equal(isSuccess, result.IsSuccess);
        Assert.Equal(isEnd, result.IsEnd);
        Assert.Equal(isQuiet, result.IsTimedOut);
        Assert.Equal(!isSuccess && !isQuiet, result.HasFailed);
    }

    [Fact]
    public void Quiet_IsAResultOfItsOwn()
    {
        Assert.True(SocketResult.TimedOut.IsTimedOut);
        Assert.False(SocketResult.TimedOut.IsSuccess);
        Assert.False(SocketResult.TimedOut.IsEnd);
    }
}
