/** Stages that do nothing to data: for trying out routes, and for measuring the way itself. */
package io.dayu.catalog.flow;
