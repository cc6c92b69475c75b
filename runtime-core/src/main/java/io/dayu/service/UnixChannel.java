package io.dayu.service;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.FileRegion;
import io.netty.channel.nio.AbstractNioByteChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a Unix domain socket for Netty's selectors. Netty 4.1 has them with natives for
 * each platform only; Java itself has the sockets since 16.
 */
final class UnixChannel extends AbstractNioByteChannel {
  /** What one system call may write. */
  private static final int MOST_BUFFERS = 1024;

  private static final long MOST_BYTES = 1 << 20;

  private final ChannelConfig config = new Config(this);

  UnixChannel() {
    super(null, open());
  }

  private static SocketChannel open() {
    try {
      return SocketChannel.open(StandardProtocolFamily.UNIX);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Options of TCP mean nothing here. */
  private static final class Config extends DefaultChannelConfig {
    Config(Channel channel) {
      super(channel);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
      return option.equals(ChannelOption.SO_KEEPALIVE) || super.setOption(option, value);
    }
  }

  @Override
  protected SocketChannel javaChannel() {
    return (SocketChannel) super.javaChannel();
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isActive() {
    return javaChannel().isOpen() && javaChannel().isConnected();
  }

  @Override
  protected @Nullable SocketAddress localAddress0() {
    return address(true);
  }

  @Override
  protected @Nullable SocketAddress remoteAddress0() {
    return address(false);
  }

  private @Nullable SocketAddress address(boolean local) {
    try {
      return local ? javaChannel().getLocalAddress() : javaChannel().getRemoteAddress();
    } catch (IOException closed) {
      return null;
    }
  }

  @Override
  protected void doBind(SocketAddress local) {
    throw new UnsupportedOperationException("a client needs no name of its own");
  }

  @Override
  protected boolean doConnect(SocketAddress remote, @Nullable SocketAddress local)
      throws IOException {
    try {
      boolean connected = javaChannel().connect(remote);
      if (!connected) selectionKey().interestOps(SelectionKey.OP_CONNECT);
      return connected;
    } catch (ConnectException e) {
      throw e;
    } catch (SocketException e) {
      // There is no such file, or it is no socket: nobody listens, as at a port.
      var refused = new ConnectException(e.getMessage());
      refused.initCause(e);
      throw refused;
    }
  }

  @Override
  protected void doFinishConnect() throws IOException {
    if (!javaChannel().finishConnect()) throw new IllegalStateException("it is not connected yet");
  }

  @Override
  protected void doDisconnect() throws Exception {
    doClose();
  }

  @Override
  protected void doClose() throws Exception {
    super.doClose();
    javaChannel().close();
  }

  @Override
  protected ChannelFuture shutdownInput() {
    try {
      javaChannel().shutdownInput();
      return newSucceededFuture();
    } catch (IOException e) {
      return newFailedFuture(e);
    }
  }

  @Override
  protected int doReadBytes(ByteBuf into) throws IOException {
    int room = into.writableBytes();
    unsafe().recvBufAllocHandle().attemptedBytesRead(room);
    return into.writeBytes(javaChannel(), room);
  }

  @Override
  protected int doWriteBytes(ByteBuf from) throws IOException {
    return from.readBytes(javaChannel(), from.readableBytes());
  }

  @Override
  protected long doWriteFileRegion(FileRegion region) throws IOException {
    return region.transferTo(javaChannel(), region.transferred());
  }

  /** Many buffers in one system call: frames of HTTP/2 have their heads in buffers of their own. */
  @Override
  protected void doWrite(ChannelOutboundBuffer out) throws Exception {
    for (int spins = config.getWriteSpinCount(); spins > 0; spins--) {
      var buffers = out.nioBuffers(MOST_BUFFERS, MOST_BYTES);
      int count = out.nioBufferCount();
      if (count == 0) {
        super.doWrite(out); // nothing, empty buffers or something else
        return;
      }
      long written = javaChannel().write(buffers, 0, count);
      if (written <= 0) {
        incompleteWrite(true);
        return;
      }
      out.removeBytes(written);
    }
    incompleteWrite(false);
  }
}
