/** What the stages and sources of the catalogue share. */
package io.dayu.catalog;
