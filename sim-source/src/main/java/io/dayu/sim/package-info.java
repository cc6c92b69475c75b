/**
 * A program that plays cameras and sensors over HTTP, in real time, with known truth and with
 * faults on request.
 *
 * <p>Stages and nodes meet it as they meet any other camera, so it knows no package of ours and
 * none of ours knows it.
 */
@NullMarked
package io.dayu.sim;

import org.jspecify.annotations.NullMarked;
