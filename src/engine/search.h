/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/private.h"

/*
 * oVirt's search language, the part its clients send:
 *
 *   [KIND:] KEY OP VALUE { and|or KEY OP VALUE } [sortby KEY [asc|desc]] [page N]
 *
 * OP is =, !=, <, >. VALUE is a word or "quoted"; '*' stands for any characters. "and" binds
 * tighter than "or". Words of the language count in any case, values as they are. Keys differ by
 * kind: search.c.
 */
typedef struct Search Search;

/* Parses query (NULL for everything), with its max and from. ENGINE_ERROR_BAD_INPUT names what was
 * not understood. */
Search *search_parse(EntityKind kind, const ListQuery *query, GError **error);
void search_free(Search *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Search, search_free)

const StoreQuery *search_query(const Search *search); /* borrowed */
