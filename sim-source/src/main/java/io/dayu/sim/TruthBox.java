package io.dayu.sim;

/**
 * Where an object really is: the smallest box around its pixels inside the frame, in fractions of
 * the frame's width and height (origin top left). Other objects may stand before it.
 *
 * @param track the object's identity; one that leaves the picture and one that enters later differ
 * @param visible fraction of the whole object's pixels that is to be seen, neither outside the
 *     frame nor covered
 */
record TruthBox(
    String label, long track, double x, double y, double width, double height, double visible) {}
