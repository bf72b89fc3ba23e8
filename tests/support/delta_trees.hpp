// Two trees with one of each kind of step between them: of these is the delta that tests/data has.

#pragma once

#include "tests/support/bytes.hpp"
#include "tests/support/made_tree.hpp"

namespace swarmout::test {

inline MadeTree tree_before_delta() {
  using Kind = Node::Kind;
  return {{"README", {Kind::file, "A tree.\n\nIt has files,\nand links.\n"}},
          {"bin", {Kind::directory, ""}},
          {"bin/run", {Kind::executable, "#!/bin/sh\nexec true\n"}},
          {"doc", {Kind::directory, ""}},
          {"doc/guide", {Kind::file, prose(6000)}},
          {"gone", {Kind::file, "What is gone\nmay be of use.\n"}},
          {"large", {Kind::file, noise(5 * kMiB)}},
          {"link", {Kind::symlink, "README"}},
          {"logo", {Kind::file, noise(2000, 2)}},
          {"old", {Kind::directory, ""}},
          {"old/notes", {Kind::file, "to do\n"}}};
}

inline MadeTree tree_after_delta() {
  using Kind = Node::Kind;
  MadeTree tree = tree_before_delta();
  tree.at("README").content = "A tree.\n\nIt has files, directories\nand links.\nNo more";
  tree["bin/start"] = {Kind::symlink, "run"};
  tree.at("doc/guide").content.insert(3000, "\r\nanother line\r\n");
  tree["doc/more"] = {Kind::file, "What is gone\nis here.\n"};
  tree["empty"] = {Kind::file, ""};
  tree.erase("gone");
  tree.at("large").content.insert(2 * kMiB, "a few bytes");
  tree.at("link").content = "doc/guide";
  tree.at("logo").content.replace(1000, 4, "logo");
  tree["new"] = {Kind::directory, ""};
  tree["new/notes"] = tree.at("old/notes");
  tree.erase("old/notes");
  tree.erase("old");
  return tree;
}

}  // namespace swarmout::test
