using P2P.Posix;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

public sealed class SocketResultTests
{
    [Theory]
    [InlineData(10, 0, false, true, false)]
    [InlineData(0, 0, false, true, true)]             // the peer's end of stream
    [InlineData(0, LibC.ECONNRESET, false, false, false)]   // a reset is never a clean end
    [InlineData(10, LibC.ECONNRESET, false, false, false)]
    [InlineData(0, LibC.ECANCELED, false, false, false)]
    [InlineData(0, 0, true, false, false)]            // nor is silence
    public void AResult_IsASuccessAnEndOrNeither(int bytes, int error, bool isQuiet, bool isSuccess, bool isEnd)
    {
        var result = new SocketResult(bytes, error, isQuiet);
        Assert.Equal(isSuccess, result.IsSuccess);
        Assert.Equal(isEnd, result.IsEnd);
        Assert.Equal(isQuiet, result.IsQuiet);
    }

    [Fact]
    public void Quiet_IsAResultOfItsOwn()
    {
        Assert.True(SocketResult.Quiet.IsQuiet);
        Assert.False(SocketResult.Quiet.IsSuccess);
        Assert.False(SocketResult.Quiet.IsEnd);
    }
}
