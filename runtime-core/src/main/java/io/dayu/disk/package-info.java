/** Files of a node that survive its crash and the machine's. */
package io.dayu.disk;
