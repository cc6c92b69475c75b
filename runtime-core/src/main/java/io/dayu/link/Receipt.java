package io.dayu.link;

import java.util.Objects;

/**
 * Results of a stream that are in the store, told to the node that generates it over a link that it
 * has opened: links notice a loss and connect again within seconds, whatever TCP does.
 *
 * @param delivered their sequence numbers; owned by the message, not to be changed
 * @param failed those stored as failed
 */
public record Receipt(String stream, long[] delivered, long[] failed)
    implements LinkReceiver.Command {
  public Receipt {
    Objects.requireNonNull(stream, "stream");
  }
}
