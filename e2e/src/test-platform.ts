export { startTestPlatform, type TestPlatform } from '@weir/cli/testing';
