package io.dayu.store;

import io.dayu.element.Media;
import java.io.IOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/** Kept payloads: of each stream those with the highest seq. Stateless. */
final class FrameStore {
  private final int perStream;

  FrameStore(int perStream) {
    if (perStream < 1)
      throw new IllegalArgumentException("frames per stream must be >= 1, was " + perStream);
    this.perStream = perStream;
  }

  /** Does nothing for one that is kept already, and for one whose result is pruned. */
  void keep(Session session, int stream, long seq, byte[] payload) throws SQLException {
    var select = session.prepare("SELECT 1 FROM dayu_frames WHERE stream_id = ? AND seq = ?");
    select.setInt(1, stream);
    select.setLong(2, seq);
    try (var rows = select.executeQuery()) {
      if (rows.next()) return;
    }
    // Its result came again; nothing would ever remove the frame of one that is pruned.
    var pruned = new HashMap<Long, Boolean>();
    PrunedNumbers.outcomes(session, stream, List.of(seq), pruned);
    if (!pruned.isEmpty()) return;
    var insert = session.prepare("INSERT INTO dayu_frames (stream_id, seq, body) VALUES (?, ?, ?)");
    insert.setInt(1, stream);
    insert.setLong(2, seq);
    insert.setBytes(3, payload);
    insert.executeUpdate();
    var delete =
        session.prepare(
            """
            DELETE FROM dayu_frames WHERE stream_id = ? AND seq <= (
              SELECT seq FROM dayu_frames WHERE stream_id = ?
              ORDER BY seq DESC LIMIT 1 OFFSET ?)
            """);
    delete.setInt(1, stream);
    delete.setInt(2, stream);
    delete.setInt(3, perStream);
    delete.executeUpdate();
  }

  Optional<Media> find(Session session, int stream, long seq) throws SQLException, IOException {
    var select = session.prepare("SELECT body FROM dayu_frames WHERE stream_id = ? AND seq = ?");
    select.setInt(1, stream);
    select.setLong(2, seq);
    try (var rows = select.executeQuery()) {
      return rows.next() ? Optional.of(Media.parseFrom(rows.getBytes(1))) : Optional.empty();
    }
  }
}
