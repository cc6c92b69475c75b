/** One hop between two processes, beside other ways to move bytes. */
package io.dayu.bench.link;
