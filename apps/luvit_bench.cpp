#include <ATen/ATen.h>
#include <iostream>
int main(int, char**) { std::cout << at::ones({2, 2}) << at::hasCUDA(); }
