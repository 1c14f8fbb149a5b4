# Everything from Debian's packages (scripts/setup.sh installs them).
find_package(Threads REQUIRED)
find_package(JPEG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# The two OpenCV modules we use come without OpenCV's CMake files (those are in libopencv-dev, 200 packages).
find_path(OPENCV_INCLUDE opencv2/imgcodecs.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(module core imgproc imgcodecs)
  find_library(OPENCV_${module} opencv_${module} REQUIRED)
  add_library(opencv_${module} INTERFACE)
  target_include_directories(opencv_${module} SYSTEM INTERFACE ${OPENCV_INCLUDE})
  target_link_libraries(opencv_${module} INTERFACE ${OPENCV_${module}})
endforeach()
