// The opcodes of protocols 2 to 5 (Python's Lib/pickletools.py describes each), less the ones that import by number
// (EXT) or need buffers from outside the file.
#include <bit>

#include "luvit/core/text.h"
#include "pickle_content.h"

namespace luvit {
namespace {

using Kind = PickleNode::Kind;

class Machine {
 public:
  Machine(ByteReader& in, PickleContent& content) : in_(in), content_(content) {}

  const PickleNode* run() {
    for (;;) {
      std::uint8_t op = in_.byte();
      if (op == '.') return pop();
      if (!value(op) && !number(op) && !text(op) && !container(op) && !memo(op) && !call(op))
        in_.fail(str("unknown opcode ", static_cast<int>(op), " (protocols 2 to 5 are read)"));
    }
  }

 private:
  // --- the stack; a mark is a height of it
  void push(PickleNode* node) { stack_.push_back(node); }
  PickleNode* push(Kind kind) {
    push(content_.add(kind, in_));
    return stack_.back();
  }
  PickleNode* pop() {
    PickleNode* node = top();
    stack_.pop_back();
    return node;
  }
  PickleNode* top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) in_.fail("an opcode finds its stack empty");
    return stack_.back();
  }
  PickleNode::Items pop_to_mark() {
    if (marks_.empty()) in_.fail("an opcode finds no mark");
    auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    PickleNode::Items items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  PickleNode::Items pop(std::size_t n) {
    PickleNode::Items items(n);
    for (std::size_t i = n; i-- > 0;) items[i] = pop();
    return items;
  }

  // --- opcodes, by kind; each returns false where the opcode is another kind's
  bool value(std::uint8_t op) {
    switch (op) {
      case 0x80:  // PROTO
        if (int protocol = in_.byte(); protocol < 2 || protocol > 5) in_.fail(str("pickle protocol ", protocol));
        return true;
      case 0x95:  // FRAME
        if (in_.number<std::uint64_t>() > in_.left()) in_.fail("a frame reaches beyond the end");
        return true;
      case 'N':
        return push(Kind::none), true;
      case 0x88:
        return push(Kind::boolean)->integer = 1, true;
      case 0x89:
        return push(Kind::boolean), true;
      case '(':
        return marks_.push_back(stack_.size()), true;
      case '0':
        return pop_or_unmark(), true;
      case '1':
        return pop_to_mark(), true;
      case '2':
        return push(top()), true;
      default:
        return false;
    }
  }

  bool number(std::uint8_t op) {
    switch (op) {
      case 'J':
        return push(Kind::integer)->integer = in_.number<std::int32_t>(), true;
      case 'K':
        return push(Kind::integer)->integer = in_.byte(), true;
      case 'M':
        return push(Kind::integer)->integer = in_.number<std::uint16_t>(), true;
      case 'G':
        return push(Kind::real)->real = std::bit_cast<double>(__builtin_bswap64(in_.number<std::uint64_t>())), true;
      case 0x8a:
        return long_integer(in_.byte()), true;
      case 0x8b:
        return long_integer(in_.number<std::uint32_t>()), true;
      default:
        return false;
    }
  }

  bool text(std::uint8_t op) {
    switch (op) {
      case 0x8c:
        return put_text(Kind::text, in_.byte()), true;
      case 'X':
        return put_text(Kind::text, in_.number<std::uint32_t>()), true;
      case 0x8d:
        return put_text(Kind::text, in_.number<std::uint64_t>()), true;
      case 'U':
        return put_text(Kind::text, in_.byte()), true;  // Python 2's str: keys, as a rule
      case 'T':
        return put_text(Kind::text, in_.number<std::uint32_t>()), true;
      case 'C':
        return put_text(Kind::bytes, in_.byte()), true;
      case 'B':
        return put_text(Kind::bytes, in_.number<std::uint32_t>()), true;
      case 0x8e:
      case 0x96:
        return put_text(Kind::bytes, in_.number<std::uint64_t>()), true;
      default:
        return false;
    }
  }

  bool container(std::uint8_t op) {
    switch (op) {
      case ')':
        return push(Kind::tuple), true;
      case ']':
        return push(Kind::list), true;
      case '}':
        return push(Kind::dict), true;
      case 0x8f:
        return push_object("builtins.set"), true;
      case 't':
        return push_items(Kind::tuple, pop_to_mark()), true;
      case 'l':
        return push_items(Kind::list, pop_to_mark()), true;
      case 0x85:
      case 0x86:
      case 0x87:
        return push_items(Kind::tuple, pop(op - 0x84u)), true;
      case 0x91: {  // FROZENSET
        PickleNode::Items items = pop_to_mark();
        return push_object("builtins.frozenset")->items = std::move(items), true;
      }
      case 'a':
        return append(pop(1)), true;
      case 'e':
      case 0x90:
        return append(pop_to_mark()), true;
      case 's':
        return set_items(pop(2)), true;
      case 'u':
        return set_items(pop_to_mark()), true;
      case 'd': {
        PickleNode::Items items = pop_to_mark();
        push(Kind::dict);
        return set_items(items), true;
      }
      default:
        return false;
    }
  }

  bool memo(std::uint8_t op) {
    switch (op) {
      case 'q':
        return memo_[in_.byte()] = top(), true;
      case 'r':
        return memo_[in_.number<std::uint32_t>()] = top(), true;
      case 0x94:
        return memo_[static_cast<std::uint32_t>(memo_.size())] = top(), true;
      case 'h':
        return recall(in_.byte()), true;
      case 'j':
        return recall(in_.number<std::uint32_t>()), true;
      default:
        return false;
    }
  }

  bool call(std::uint8_t op) {
    switch (op) {
      case 'c': {
        std::string module = in_.line();
        return push_object(module + "." + in_.line()), true;
      }
      case 0x93:
        return stack_global(), true;
      case 'R':
      case 0x81: {  // REDUCE and NEWOBJ: a function or class with its arguments
        PickleNode::Items called = pop(2);
        return reduce(*called[0], *called[1]), true;
      }
      case 0x92: {  // NEWOBJ_EX: keywords besides
        PickleNode::Items called = pop(3);
        reduce(*called[0], *called[1]);
        if (top()->kind == Kind::object) top()->items.push_back(called[2]);
        return true;
      }
      case 'b': {
        const PickleNode* state = pop();
        if (top()->kind == Kind::object)
          top()->state = state;  // a tensor's or dict's extra attributes mean nothing here
        return true;
      }
      case 'Q':
        return push(rebuild_persistent(*pop(), content_, in_)), true;
      default:
        return false;
    }
  }

  void pop_or_unmark() {
    if (!marks_.empty() && marks_.back() == stack_.size())
      marks_.pop_back();
    else
      pop();
  }

  void long_integer(std::uint64_t bytes) {
    std::string digits = in_.text(bytes);
    if (bytes > 8) {
      push(Kind::bytes)->text = content_.keep(std::move(digits));
      return;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits.size(); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(digits[i])) << (8 * i);
    bool negative = !digits.empty() && (digits.back() & 0x80);
    if (negative && bytes < 8) value |= ~std::uint64_t{0} << (8 * bytes);
    push(Kind::integer)->integer = static_cast<std::int64_t>(value);
  }

  void put_text(Kind kind, std::uint64_t bytes) {
    std::string text = in_.text(bytes);
    push(kind)->text = content_.keep(std::move(text));
  }

  void push_items(Kind kind, PickleNode::Items items) { push(kind)->items = std::move(items); }

  PickleNode* push_object(const std::string& name) {
    PickleNode* node = push(Kind::object);
    node->text = content_.intern(name);
    return node;
  }

  void append(const PickleNode::Items& items) {
    PickleNode* target = top();
    if (target->kind != Kind::list && target->kind != Kind::object) in_.fail("appending to something that is no list");
    target->items.insert(target->items.end(), items.begin(), items.end());
  }

  void set_items(const PickleNode::Items& items) {
    PickleNode* target = top();
    if (items.size() % 2 != 0) in_.fail("a key without a value");
    if (target->kind != Kind::dict && target->kind != Kind::object)
      in_.fail("setting keys of something that is no dict");
    for (std::size_t i = 0; i < items.size(); i += 2) target->entries.emplace_back(items[i], items[i + 1]);
  }

  void recall(std::uint32_t place) {
    auto found = memo_.find(place);
    if (found == memo_.end()) in_.fail(str("nothing is remembered as ", place));
    push(found->second);
  }

  void stack_global() {
    PickleNode::Items name = pop(2);
    for (const PickleNode* part : name)
      if (part->kind != Kind::text || part->text.size() > 4096) in_.fail("a class without a name");
    push_object(str(name[0]->text, ".", name[1]->text));
  }

  void reduce(const PickleNode& function, const PickleNode& arguments) {
    if (function.kind != Kind::object) in_.fail("something that is no function is called");
    if (arguments.kind != Kind::tuple) in_.fail("arguments that are no tuple");
    push(rebuild(std::string(function.text), arguments, content_, in_));
  }

  ByteReader& in_;
  PickleContent& content_;
  std::vector<PickleNode*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleNode*> memo_;
};

}  // namespace

const PickleNode* run_pickle(ByteReader& in, PickleContent& content) {
  return Machine(in, content).run();
}

}  // namespace luvit
