// The tree that a program writes to its standard output as a tar stream.

#pragma once

#include "common/base/subprocess.hpp"
#include "seeder/source/source.hpp"

#include <memory>
#include <stop_token>
#include <string>

namespace swarmout {

/// Runs `command` and hands its tree to `sink`. `what` names the command in messages. Errors: what the sink returned;
/// temporary, if stopped; failed, with the command's last words, if it ends with anything but 0; refused, for a
/// damaged stream from a command that is content with itself.
[[nodiscard]] Result<void> stream_tar(const Command& command, const std::string& what, TreeSink& sink,
                                      std::stop_token stop);

/// The command runs through /bin/sh with SWARMOUT_REVISION set to the wanted revision. It must exit with 0.
[[nodiscard]] std::unique_ptr<Source> make_tar_source(std::string command);

}  // namespace swarmout
