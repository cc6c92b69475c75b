/**
 * What tests of several modules and the benches need and no node does; a second artifact of this
 * module, with the classifier {@code testkit}. Nothing here is a test, and nothing here knows a
 * class of the runtime.
 */
package io.dayu.testkit;
