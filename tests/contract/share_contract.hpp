// What every share must do. Included by one file of a program, which says what to run it against.

#pragma once

#include "tests/contract/share_contract_blobs.hpp"
#include "tests/contract/share_contract_cells.hpp"
#include "tests/contract/share_contract_log.hpp"
