// Trees that become others by random edits, renames, changes of kind and of modes, with files of text and of noise.

#pragma once

#include "tests/support/made_tree.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>

namespace swarmout::test {

inline std::string random_lines(std::mt19937& random, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "line " + std::to_string(random() % 1000) + (random() % 9 == 0 ? "\r\n" : "\n");
  }
  return text;
}
inline std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

class RandomHistory {
public:
  explicit RandomHistory(unsigned seed) : random_(seed) {
    tree_[""] = {};
    tree_.erase("");
  }

  const MadeTree& tree() const { return tree_; }
  void step() {
    for (std::size_t edits = 1 + random_() % 8; edits > 0; --edits) {
      edit();
    }
  }

private:
  void edit() {
    switch (random_() % 9) {
      case 0:
      case 1:
        add(some_directory() + "n" + std::to_string(random_() % 40),
            {Node::Kind::file, random_lines(random_, random_() % 30)});
        break;
      case 2:
        add(some_directory() + "b" + std::to_string(random_() % 40),
            {Node::Kind::executable, random_bytes(random_, random_() % 500)});
        break;
      case 3:
        add(some_directory() + "l" + std::to_string(random_() % 40),
            {Node::Kind::symlink, "to/" + std::to_string(random_())});
        break;
      case 4:
        add(some_directory() + "d" + std::to_string(random_() % 10), {Node::Kind::directory, ""});
        break;
      case 5:
        remove(some_path());
        break;
      case 6:
        rename(some_path(), some_directory() + "r-" + std::to_string(random_() % 40));
        break;
      default:
        change(some_path());
    }
  }

  std::string some_path() {
    if (tree_.empty()) {
      return "";
    }
    return std::next(tree_.begin(), static_cast<std::ptrdiff_t>(random_() % tree_.size()))->first;
  }
  std::string some_directory() {
    const std::string path = some_path();
    return !path.empty() && tree_.at(path).kind == Node::Kind::directory ? path + '/' : "";
  }
  void add(const std::string& path, const MadeEntry& entry) {
    const auto there = tree_.find(path);
    if (there != tree_.end() && there->second.kind == Node::Kind::directory) {
      remove(path);
    }
    tree_[path] = entry;
  }
  void remove(const std::string& path) {
    std::erase_if(tree_, [&](const auto& each) { return each.first == path || each.first.starts_with(path + '/'); });
  }
  void rename(const std::string& from, const std::string& to) {
    if (from.empty() || to.starts_with(from + '/') || to == from) {
      return;
    }
    remove(to);
    MadeTree moved;
    for (const auto& [path, entry] : tree_) {
      if (path == from || path.starts_with(from + '/')) {
        moved[to + path.substr(from.size())] = entry;
      }
    }
    remove(from);
    tree_.merge(moved);
  }
  void change(const std::string& path) {
    if (path.empty() || tree_.at(path).kind == Node::Kind::directory) {
      return;
    }
    MadeEntry& entry = tree_.at(path);
    if (entry.kind == Node::Kind::symlink) {
      entry.content += "x";
    } else if (random_() % 5 == 0) {
      entry.kind = entry.kind == Node::Kind::file ? Node::Kind::executable : Node::Kind::file;
    } else if (entry.content.empty() || random_() % 3 == 0) {
      entry.content += random_lines(random_, 2);
    } else {
      entry.content.erase(random_() % entry.content.size(), random_() % 30);
    }
  }

  std::mt19937 random_;
  MadeTree tree_;
};

}  // namespace swarmout::test
