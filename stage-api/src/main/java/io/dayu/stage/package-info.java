/**
 * What the author of a stage implements, {@link io.dayu.stage.StageProvider}, the protocol between
 * a stage and its processor, and stages made of plain functions.
 *
 * <p>No stage lives here, and nothing of how a node runs one. What is public here is used by code
 * of others: it is kept compatible.
 */
@NullMarked
package io.dayu.stage;

import org.jspecify.annotations.NullMarked;
