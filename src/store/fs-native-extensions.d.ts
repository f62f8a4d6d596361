/* The package has no types of its own; this is the part we use. */
declare module 'fs-native-extensions' {
  const extensions: {
    /** A kernel lock on an open file; false when another process holds it. Freed when the file is closed or the process ends. */
    tryLock(fd: number): boolean;
  };
  export default extensions;
}
