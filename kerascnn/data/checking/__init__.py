"""What is wrong with a folder of images, in reading order: folder_check, report, reading, duplicates, findings."""
