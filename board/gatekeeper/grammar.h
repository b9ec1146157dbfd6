/* What grammar.c and values.c share. */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include "gatekeeper.h"

/* A word of a line or of a form; not terminated. */
struct token {
  const char *text;
  size_t len;
};

bool token_is(const struct token *token, const char *text);
/* True when the token is what that word of a form asks for; what it says goes to *item. */
bool value_fits(const char *folder, const struct token *form, const struct token *token,
                struct item *item);

#endif
