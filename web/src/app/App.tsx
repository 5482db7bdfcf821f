import { QueryClientProvider } from '@tanstack/react-query';
import { Router } from 'wouter';
import { queryClient } from '../api/client';
import { ToastProvider } from '../components/Toast';
import { useHashPath, useHashSearch } from './hashLocation';
import { JobsProvider } from './jobs';
import { Shell } from './Shell';

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Router hook={useHashPath} searchHook={useHashSearch}>
        <ToastProvider>
          <JobsProvider>
            <Shell />
          </JobsProvider>
        </ToastProvider>
      </Router>
    </QueryClientProvider>
  );
}
