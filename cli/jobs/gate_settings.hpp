// The settings of the gate, which `run` and `wait` have.

#pragma once

#include "cli/settings/setting.hpp"
#include "peer/run/gate_watch.hpp"

namespace swarmout {

void add_gate_settings(Verb& verb, GateOptions& options);

}  // namespace swarmout
