/** How a node's log is written; named in {@code logback.xml}. */
@NullMarked
package io.dayu.log;

import org.jspecify.annotations.NullMarked;
