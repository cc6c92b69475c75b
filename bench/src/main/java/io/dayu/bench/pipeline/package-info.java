/** A whole pipeline over two nodes, from its source to stored results. */
package io.dayu.bench.pipeline;
