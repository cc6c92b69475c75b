/** What Dayu promises when things break, each promise shown on real nodes. */
package io.dayu.bench.reliability;
