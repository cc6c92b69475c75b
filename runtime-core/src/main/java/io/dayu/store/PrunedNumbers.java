package io.dayu.store;

import java.sql.SQLException;
import java.util.BitSet;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which numbers of each stream were stored and are pruned by now, so that they are refused when
 * they come again, and which of them had failed, so that they are acknowledged as what they were.
 *
 * <p>A row has a block of {@value #BLOCK} numbers with two bits for each, so that a stream with
 * gaps takes no more than that. Blocks in a row of which all numbers were stored and none had
 * failed share one row: a stream without gaps takes a single one. Stateless.
 */
final class PrunedNumbers {
  static final int BLOCK = 4096;

  /** What a row knows of one block. */
  private record Block(BitSet stored, BitSet failed) {
    static Block of(byte @Nullable [] stored, byte @Nullable [] failed) {
      var all = new BitSet();
      if (stored == null) all.set(0, BLOCK);
      return new Block(
          stored == null ? all : BitSet.valueOf(stored),
          failed == null ? new BitSet() : BitSet.valueOf(failed));
    }

    boolean isFull() {
      return stored.cardinality() == BLOCK;
    }
  }

  private PrunedNumbers() {}

  /**
   * @param delivered whether each of them was, by number; none of them was added before
   */
  static void add(Session session, int stream, SortedMap<Long, Boolean> delivered)
      throws SQLException {
    var blocks = new TreeMap<Long, Block>();
    for (var entry : delivered.entrySet()) {
      long number = Math.floorDiv(entry.getKey(), (long) BLOCK);
      var block = blocks.get(number);
      if (block == null) {
        block =
            find(session, stream, number).orElseGet(() -> new Block(new BitSet(), new BitSet()));
        blocks.put(number, block);
      }
      int bit = bit(entry.getKey());
      block.stored().set(bit);
      if (!entry.getValue()) block.failed().set(bit);
    }
    for (var entry : blocks.entrySet())
      if (!entry.getValue().isFull()
          || !entry.getValue().failed().isEmpty()
          || !append(session, stream, entry.getKey()))
        put(session, stream, entry.getKey(), entry.getValue());
  }

  /** Adds the outcomes of those of {@code seqs} that are pruned, by number. */
  static void outcomes(
      Session session, int stream, Collection<Long> seqs, Map<Long, Boolean> delivered)
      throws SQLException {
    var blocks = new TreeMap<Long, Optional<Block>>();
    for (long seq : seqs) {
      long number = Math.floorDiv(seq, (long) BLOCK);
      var block = blocks.get(number);
      if (block == null) {
        block = find(session, stream, number);
        blocks.put(number, block);
      }
      if (block.isPresent() && block.get().stored().get(bit(seq)))
        delivered.put(seq, !block.get().failed().get(bit(seq)));
    }
  }

  private static int bit(long seq) {
    return Math.floorMod(seq, BLOCK);
  }

  private static Optional<Block> find(Session session, int stream, long block) throws SQLException {
    var select =
        session.prepare(
            """
            SELECT block, blocks, stored, failed FROM dayu_pruned
            WHERE stream_id = ? AND block <= ? ORDER BY block DESC LIMIT 1
            """);
    select.setInt(1, stream);
    select.setLong(2, block);
    try (var rows = select.executeQuery()) {
      return rows.next() && block < rows.getLong(1) + rows.getLong(2)
          ? Optional.of(Block.of(rows.getBytes(3), rows.getBytes(4)))
          : Optional.empty();
    }
  }

  /** Whether a full block could go into the row of those before it. */
  private static boolean append(Session session, int stream, long block) throws SQLException {
    var select =
        session.prepare(
            """
            SELECT block, blocks, stored IS NULL AND failed IS NULL FROM dayu_pruned
            WHERE stream_id = ? AND block < ? ORDER BY block DESC LIMIT 1
            """);
    select.setInt(1, stream);
    select.setLong(2, block);
    long first;
    try (var rows = select.executeQuery()) {
      if (!rows.next()) return false;
      first = rows.getLong(1);
      if (first + rows.getLong(2) != block || !rows.getBoolean(3)) return false;
    }
    var delete = session.prepare("DELETE FROM dayu_pruned WHERE stream_id = ? AND block = ?");
    delete.setInt(1, stream);
    delete.setLong(2, block);
    delete.executeUpdate();
    var update =
        session.prepare("UPDATE dayu_pruned SET blocks = ? WHERE stream_id = ? AND block = ?");
    update.setLong(1, block - first + 1);
    update.setInt(2, stream);
    update.setLong(3, first);
    update.executeUpdate();
    return true;
  }

  private static void put(Session session, int stream, long number, Block block)
      throws SQLException {
    var put =
        session.prepare(
            """
            INSERT INTO dayu_pruned (stream_id, block, blocks, stored, failed) VALUES (?, ?, 1, ?, ?)
            ON CONFLICT (stream_id, block) DO UPDATE
              SET stored = excluded.stored, failed = excluded.failed
            """);
    put.setInt(1, stream);
    put.setLong(2, number);
    put.setBytes(3, block.isFull() ? null : block.stored().toByteArray());
    put.setBytes(4, block.failed().isEmpty() ? null : block.failed().toByteArray());
    put.executeUpdate();
  }
}
