// Secrets stay on the host that has them: what is logged, printed, or written to the share goes through here first.
//
// Masked are the forms in which commands and URLs carry secrets: the user of a URL ("https://user:secret@host"), values
// whose name says what they are ("?access_token=…", "PASSWORD=…", "--password …", "Authorization: …"), the password of
// "-u user:password", and words that begin as the tokens of well-known services do. A secret that looks like any other
// word cannot be told from one.

#pragma once

#include <string>
#include <string_view>

namespace swarmout {

/// "https://user:secret@host/x" → "https://host/x", "?token=secret" → "?token=***", anywhere in a text. Linear in its
/// length.
[[nodiscard]] std::string without_credentials(std::string_view text);

/// What a program printed, fit for a message of one line: secrets masked, lines joined by "; ", nothing that a terminal
/// would obey.
[[nodiscard]] std::string quotable(std::string_view printed);

}  // namespace swarmout
