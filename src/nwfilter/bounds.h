/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything in a filter that its author or a port's owner can grow ends here, each with an error
 * of its own (NWFILTER_ERROR_LIMIT). The figures leave room for the largest uses known (a thousand
 * addresses on a port, provider filters of some hundred rules) and keep a plan within a few MiB.
 */

#define FILTER_TEXT_MAX (1024 * 1024) /* bytes of XML */
#define FILTER_ENTRIES_MAX 4096       /* rules and includes of one filter */
#define FILTER_NAME_MAX 200           /* bytes; the file name adds a few */
#define VARIABLES_MAX 64              /* names in one filterref or port */
#define VARIABLE_TEXT_MAX 128         /* bytes of a name or a value */
#define LIST_MAX 4096                 /* values of one variable */
#define INCLUDE_DEPTH_MAX 32          /* filterrefs, one inside the other */
#define PLAN_RULES_MAX 8192           /* rules of a filter with all it includes */
#define PLAN_SLOTS_MAX 256            /* variables of a plan, see plan.h */
#define PLAN_ITERATORS_MAX 8          /* different iterators in one rule */
#define PRODUCT_MAX 1048576           /* combinations of one rule's lists */
#define CATALOGUE_MAX 16384           /* filters */
