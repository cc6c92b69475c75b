/** An edge node that has nothing to do. */
package io.dayu.bench.idle;
